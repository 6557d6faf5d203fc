//! Jobs of the main session: their text is queued there, and the turn is the session's own.

use super::SessionRow;
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
use super::walk::selection;
use crate::job::Job;

/// A turn in the agent's main session: the job's text is queued there, and the turn is the
/// session's own.
pub(super) fn resolve(
    (rules, settings): (&Rules, &ModelSettings),
    agent: AgentUse,
    facts: &AgentFacts<'_>,
    job: &Job,
    row: &Known<'_>,
    key: &str,
) -> Resolution {
    let declared = job.model.as_deref().map(trim).filter(|m| !m.is_empty());
    let mut steps = Vec::new();
    let mut push = |step: StepName, said: Option<(&str, String)>, reference, outcome, why: &str| {
        let (value, found_at) = said.map_or((None, None), |(v, at)| (Some(v.to_owned()), Some(at)));
        steps.push(Step {
            order: steps.len() + 1,
            step,
            found_at,
            value,
            reference,
            outcome,
            reason: why.to_owned(),
        });
    };
    if let Some(text) = declared {
        let at = format!("job {}: payload.model", job.id);
        push(
            StepName::Payload,
            Some((text, at)),
            None,
            StepOutcome::Ignored,
            "a job of the main session has no model of its own: its text is queued there",
        );
    }
    let heartbeat = facts
        .entry
        .and_then(|a| a.heartbeat.as_ref())
        .or(settings.defaults.heartbeat.as_ref());
    let mut effective = None;
    if let Some(said) = heartbeat {
        let provider = &facts.default.reference.provider;
        let view = facts.view(rules, settings);
        match lookup::resolve_in(&view, &facts.aliases, provider, &said.text) {
            Some(model) => {
                effective = Some((model.clone(), Source::Heartbeat));
                push(
                    StepName::Heartbeat,
                    Some((&said.text, said.at.to_string())),
                    Some(model),
                    StepOutcome::Chosen,
                    "the turn is a heartbeat's",
                );
            }
            None => push(
                StepName::Heartbeat,
                Some((&said.text, said.at.to_string())),
                None,
                StepOutcome::Refused,
                "is no model",
            ),
        }
    }
    let mut missing = Vec::new();
    match row {
        Known::Row(SessionRow {
            model_override: Some(model),
            provider_override,
            at,
            ..
        }) => {
            let provider = provider_override
                .as_deref()
                .unwrap_or(&facts.default.reference.provider);
            let reference = rules.names.reference(provider, model);
            let allowed = facts.allowed.allows(&reference);
            let (outcome, why) = match (&effective, allowed) {
                (Some(_), _) => (StepOutcome::Lost, "lost to the heartbeat's model"),
                (None, true) => (StepOutcome::Chosen, ""),
                (None, false) => (StepOutcome::Refused, "is not allowed"),
            };
            push(
                StepName::Session,
                Some((
                    &format!("{provider}/{model}"),
                    format!("{at}: {key}.modelOverride"),
                )),
                Some(reference.clone()),
                outcome,
                why,
            );
            if outcome == StepOutcome::Chosen {
                effective = Some((reference, Source::Session));
            }
        }
        Known::Row(_) => push(
            StepName::Session,
            None,
            None,
            StepOutcome::Absent,
            "the session row has no override",
        ),
        Known::None => push(
            StepName::Session,
            None,
            None,
            StepOutcome::Absent,
            &format!("no session row {key}"),
        ),
        Known::Unknown(why) => {
            if effective.is_none() {
                missing.push(format!("whether session row {key} has an override: {why}"));
            }
            push(StepName::Session, None, None, StepOutcome::Unknown, why);
        }
    }
    let (name, source) = if facts.merged.own_primary {
        (StepName::Agent, Source::Agent)
    } else {
        (StepName::Default, Source::Default)
    };
    let default = &facts.default;
    push(
        name,
        default
            .said
            .as_ref()
            .map(|d| (d.text.as_str(), d.at.to_string())),
        Some(default.reference.clone()),
        if effective.is_none() {
            StepOutcome::Chosen
        } else {
            StepOutcome::Lost
        },
        default.how.as_deref().unwrap_or_default(),
    );
    let (model, source) = effective.unwrap_or_else(|| (default.reference.clone(), source));
    // The interactive runner goes on with the selection, where the cron runner gives up.
    let live = selection(rules, facts, row, key).filter(|l| l.value != model);
    let (model, source, mechanism) = match live {
        Some(live) => {
            push(
                StepName::Live,
                Some((&live.value.to_string(), live.at)),
                Some(live.value.clone()),
                StepOutcome::Overruled,
                "the turn is restarted with the session's selection",
            );
            let source = if live.of_row {
                Source::Session
            } else {
                Source::Default
            };
            (live.value, source, Mechanism::LiveSelection)
        }
        None => (model, source, Mechanism::Selection),
    };
    let intended = declared.and_then(|text| facts.resolve(rules, settings, text).ok());
    let intended = intended.map(|f| f.reference);
    Resolution {
        agent,
        steps,
        verdict: match (declared, &intended) {
            (None, _) => Verdict::Unpinned,
            (Some(_), Some(intended)) if *intended == model => Verdict::Honoured,
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
