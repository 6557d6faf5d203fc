//! What an operator should know about a resolution besides its steps.

use super::ModelRef;
use super::advice::nearest_model;
use super::resolution::{
    FailureClass, Mechanism, Outcome, Resolution, Source, StepName, StepOutcome, Verdict,
};
use super::settings::ModelSettings;

/// How many allowed models are listed; of more, the number and the nearest.
const LISTED: usize = 8;

/// Said where there is no allowlist.
const FREE: &str = "nothing checks the spelling: there is no allowlist, so any model may be named";

/// What notes are made of.
pub(super) struct Noting<'a> {
    pub(super) resolution: &'a Resolution,
    pub(super) settings: &'a ModelSettings,
    /// What the agent may name; `None` when anything.
    pub(super) allowed: Option<&'a [ModelRef]>,
    /// The allowlist as written.
    pub(super) written: &'a [String],
}

/// Returns the notes.
pub(super) fn notes(n: &Noting<'_>) -> Vec<String> {
    let r = n.resolution;
    let mut notes = Vec::new();
    if is_refused(r) {
        notes.extend(allowed(n));
    }
    let silent = matches!(
        r.mechanism,
        Mechanism::NotAllowed | Mechanism::LiveSelection
    );
    if let (true, Verdict::NotHonoured, Some(intended), Some(effective)) =
        (silent, r.verdict, &r.intended, &r.effective)
    {
        notes.push(format!(
            "cost: {intended} is asked for and {effective} runs, with status ok; it is another \
             model, whose price is not known to cronctl"
        ));
    }
    if r.source == Some(Source::Session) && r.verdict == Verdict::Unpinned {
        let row = r.steps.iter().find(|s| s.step == StepName::Session);
        let at = row.and_then(|s| s.found_at.as_deref()).unwrap_or_default();
        notes.push(format!(
            "changing agents.defaults.model has no effect on the model of this job while its \
             session row keeps the override: {at}"
        ));
    }
    if n.allowed.is_none() && r.outcome == Outcome::Runs {
        notes.extend(unchecked(n));
    }
    notes
}

/// Whether the allowlist refuses what the job declares.
pub(super) fn is_refused(r: &Resolution) -> bool {
    r.mechanism == Mechanism::NotAllowed
        || r.failure.as_ref().map(|f| f.class) == Some(FailureClass::NotAllowed)
        || r.steps
            .iter()
            .any(|s| s.step == StepName::Payload && s.outcome == StepOutcome::Refused)
}

/// The allowed models, or their number and the nearest.
fn allowed(n: &Noting<'_>) -> Option<String> {
    let models = n.allowed?;
    let mut all: Vec<String> = models.iter().map(ToString::to_string).collect();
    // An entry for every model of a provider is no model.
    all.extend(n.written.iter().filter(|w| w.ends_with("/*")).cloned());
    let count = all.len();
    if count <= LISTED {
        return Some(format!("allowed: {}", all.join(", ")));
    }
    let near = n.resolution.intended.as_ref();
    Some(match near.and_then(|model| nearest_model(model, models)) {
        Some(near) => format!("{count} models are allowed, of which {near} is nearest"),
        None => format!("{count} models are allowed, none of a similar name"),
    })
}

/// Where anything may be named, a wrong name is found out by the provider only.
fn unchecked(n: &Noting<'_>) -> Option<String> {
    let intended = n.resolution.intended.as_ref()?;
    let provider = n
        .settings
        .providers
        .iter()
        .find(|p| p.id.trim().eq_ignore_ascii_case(&intended.provider));
    let Some(provider) = provider.filter(|p| !p.models.is_empty()) else {
        return Some(FREE.to_owned());
    };
    if provider.models.contains(&intended.model) {
        return None;
    }
    let listed: Vec<ModelRef> = provider
        .models
        .iter()
        .map(|id| ModelRef::new(&*intended.provider, &**id))
        .collect();
    let near = nearest_model(intended, &listed);
    let near = near.map_or_else(String::new, |near| format!(", but {near}"));
    let id = &provider.id;
    Some(format!(
        "{FREE}; models.providers.{id} does not list this one{near}"
    ))
}
