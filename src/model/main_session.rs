//! Jobs of the main session: their text is queued there, and the turn is the session's own.
//!
//! The order is that of every checked release: the heartbeat's model, the session's override, the
//! agent's or the configured default. `payload.model` has no part in it.

use super::facts::AgentFacts;
use super::lookup;
use super::names::trim;
use super::resolution::{
    AgentUse, Candidate, ChainOrigin, Fate, Mechanism, Outcome, Resolution, Source, Step, StepName,
    StepOutcome, Verdict,
};
use super::rules::Rules;
use super::select::Known;
use super::settings::ModelSettings;
use super::walk::{Selection, selection};
use super::{ModelRef, SessionRow};
use crate::job::Job;

/// What a turn of the main session is resolved with.
pub(super) struct Turn<'a> {
    pub(super) rules: &'a Rules,
    pub(super) settings: &'a ModelSettings,
    pub(super) facts: &'a AgentFacts<'a>,
    pub(super) job: &'a Job,
    /// The row of the agent's main session.
    pub(super) row: &'a Known<'a>,
    /// Its key.
    pub(super) key: &'a str,
}

/// A model with the step that names it.
type Named = Option<(ModelRef, Source)>;

/// Resolves a job of the main session.
pub(super) fn resolve(turn: &Turn<'_>, agent: AgentUse) -> Resolution {
    let job = turn.job;
    let declared = job.model.as_deref().map(trim).filter(|m| !m.is_empty());
    let mut steps = Vec::new();
    let mut missing = Vec::new();
    if let Some(text) = declared {
        let why = "a job of the main session has no model of its own: its text is queued there";
        let at = format!("job {}: payload.model", job.id);
        let step = step(StepName::Payload, StepOutcome::Ignored, why);
        steps.push(step.said(text, at));
    }
    let heartbeat = heartbeat(turn, &mut steps);
    let chosen = session(turn, heartbeat, &mut steps, &mut missing);
    let (model, source) = default(turn, chosen, &mut steps);
    let current = selection(turn.rules, turn.facts, turn.row, turn.key);
    let (model, source, mechanism) = match current.filter(|c| c.value != model) {
        // The interactive runner goes on with the selection, where the cron runner gives up.
        Some(current) => overruled(current, &mut steps),
        None => (model, source, Mechanism::Selection),
    };
    for (n, step) in steps.iter_mut().enumerate() {
        step.order = n + 1;
    }
    let intended =
        declared.and_then(|text| turn.facts.resolve(turn.rules, turn.settings, text).ok());
    let intended = intended.map(|found| found.reference);
    Resolution {
        agent,
        steps,
        verdict: match (declared, &intended) {
            (None, _) => Verdict::Unpinned,
            (Some(_), Some(intended)) if intended.same_as(&model) => Verdict::Honoured,
            _ => Verdict::NotHonoured,
        },
        intended,
        candidates: vec![Candidate {
            model: model.clone(),
            from: "selected".to_owned(),
            fate: Fate::Called,
            reason: None,
        }],
        effective: Some(model),
        source: Some(source),
        mechanism,
        outcome: Outcome::Runs,
        failure: None,
        chain: ChainOrigin::None,
        strict: false,
        missing,
        notes: vec![
            "the session's own fallbacks apply, which are not worked out for main-session jobs"
                .to_owned(),
        ],
    }
}

fn step(name: StepName, outcome: StepOutcome, reason: &str) -> Step {
    Step {
        order: 0,
        step: name,
        found_at: None,
        value: None,
        reference: None,
        outcome,
        reason: reason.to_owned(),
    }
}

impl Step {
    fn said(mut self, text: &str, at: String) -> Self {
        self.value = Some(text.to_owned());
        self.found_at = Some(at);
        self
    }

    fn read_as(mut self, model: &ModelRef) -> Self {
        self.reference = Some(model.clone());
        self
    }
}

/// The heartbeat's model: the turn is one of its own, and no allowlist is asked.
fn heartbeat(turn: &Turn<'_>, steps: &mut Vec<Step>) -> Named {
    let own = turn.facts.entry.and_then(|a| a.heartbeat.as_ref());
    let said = own.or(turn.settings.defaults.heartbeat.as_ref())?;
    let provider = &turn.facts.default.reference.provider;
    let view = turn.facts.view(turn.rules, turn.settings);
    let found = lookup::resolve_in(&view, &turn.facts.aliases, provider, &said.text);
    let at = said.at.to_string();
    steps.push(match &found {
        Some(model) => step(
            StepName::Heartbeat,
            StepOutcome::Chosen,
            "the turn is a heartbeat's",
        )
        .said(&said.text, at)
        .read_as(model),
        None => step(StepName::Heartbeat, StepOutcome::Refused, "is no model").said(&said.text, at),
    });
    found.map(|model| (model, Source::Heartbeat))
}

/// The override of the main session's row, unless the heartbeat has a model.
fn session(
    turn: &Turn<'_>,
    heartbeat: Named,
    steps: &mut Vec<Step>,
    missing: &mut Vec<String>,
) -> Named {
    let absent = |why: &str| step(StepName::Session, StepOutcome::Absent, why);
    match turn.row {
        Known::Row(row) => match &row.model_override {
            Some(model) => return overriding(turn, row, model, heartbeat, steps),
            None => steps.push(absent("the session row has no override")),
        },
        Known::None => steps.push(absent(&format!("no session row {}", turn.key))),
        Known::Unknown(why) => {
            if heartbeat.is_none() {
                missing.push(format!(
                    "whether session row {} has an override: {why}",
                    turn.key
                ));
            }
            steps.push(step(StepName::Session, StepOutcome::Unknown, why));
        }
    }
    heartbeat
}

fn overriding(
    turn: &Turn<'_>,
    row: &SessionRow,
    model: &str,
    heartbeat: Named,
    steps: &mut Vec<Step>,
) -> Named {
    let default = &turn.facts.default.reference.provider;
    let provider = row.provider_override.as_deref().unwrap_or(default);
    let reference = turn.rules.names.reference(provider, model);
    let allowed = turn.facts.allowed.allows(&reference);
    let (outcome, why) = match (&heartbeat, allowed) {
        (Some(_), _) => (StepOutcome::Lost, "lost to the heartbeat's model"),
        (None, true) => (StepOutcome::Chosen, ""),
        (None, false) => (StepOutcome::Refused, "is not allowed"),
    };
    let at = format!("{}: {}.modelOverride", row.at, turn.key);
    let said = step(StepName::Session, outcome, why).said(&format!("{provider}/{model}"), at);
    steps.push(said.read_as(&reference));
    if outcome == StepOutcome::Chosen {
        return Some((reference, Source::Session));
    }
    heartbeat
}

/// The agent's or the configured default, when nothing stronger names a model.
fn default(turn: &Turn<'_>, chosen: Named, steps: &mut Vec<Step>) -> (ModelRef, Source) {
    let (name, source) = if turn.facts.merged.own_primary {
        (StepName::Agent, Source::Agent)
    } else {
        (StepName::Default, Source::Default)
    };
    let default = &turn.facts.default;
    let outcome = match chosen {
        None => StepOutcome::Chosen,
        Some(_) => StepOutcome::Lost,
    };
    let mut said = step(name, outcome, default.how.as_deref().unwrap_or_default());
    if let Some(text) = &default.said {
        said = said.said(&text.text, text.at.to_string());
    }
    steps.push(said.read_as(&default.reference));
    chosen.unwrap_or_else(|| (default.reference.clone(), source))
}

fn overruled(current: Selection, steps: &mut Vec<Step>) -> (ModelRef, Source, Mechanism) {
    let said = step(
        StepName::Live,
        StepOutcome::Overruled,
        "the turn is restarted with the session's selection",
    );
    let said = said.said(&current.value.to_string(), current.at);
    steps.push(said.read_as(&current.value));
    let source = if current.of_row {
        Source::Session
    } else {
        Source::Default
    };
    (current.value, source, Mechanism::LiveSelection)
}
