//! Which model a run is started with: the steps in order of precedence.

use super::allow::{Allowed, Refusal};
use super::facts::AgentFacts;
use super::lookup::Found;
use super::resolution::{Failure, FailureClass, Source, Step, StepName, StepOutcome};
use super::rules::{Disallowed, Rejection, Rules};
use super::settings::ModelSettings;
use super::{ModelRef, SessionRow, steps};

/// What a selection starts from.
pub(super) struct Selecting<'a> {
    pub(super) rules: &'a Rules,
    pub(super) settings: &'a ModelSettings,
    pub(super) facts: &'a AgentFacts<'a>,
    /// `payload.model`, trimmed and not blank.
    pub(super) payload: Option<&'a str>,
    /// Where the job is.
    pub(super) job_at: &'a str,
    /// Whether the run gets a fresh session, as isolated ones do.
    pub(super) fresh: bool,
    /// Whether the run processes mail of the Gmail hook.
    pub(super) gmail: bool,
    /// The session row.
    pub(super) row: &'a Known<'a>,
    /// Its key.
    pub(super) row_key: &'a str,
}

/// What is known about the session row of a key.
#[derive(Clone, Debug)]
pub enum Known<'a> {
    /// There is this one.
    Row(&'a SessionRow),
    /// The store was read, and there is none.
    None,
    /// It is not known whether there is one; why.
    Unknown(String),
}

/// The outcome of a selection.
pub(super) struct Selected {
    pub(super) steps: Vec<Step>,
    /// The model that the job declares, as far as it can be parsed.
    pub(super) intended: Option<ModelRef>,
    /// The model, or why there is none.
    pub(super) model: Result<(ModelRef, Source), Failure>,
    /// Whether the payload's model was refused and the run goes on without it.
    pub(super) refused: bool,
    /// What could not be known and bears on the answer.
    pub(super) missing: Vec<String>,
}

pub(super) fn step(name: StepName, at: Option<String>, value: Option<&str>) -> Step {
    Step {
        order: 0,
        step: name,
        found_at: at,
        value: value.map(str::to_owned),
        reference: None,
        outcome: StepOutcome::Absent,
        reason: String::new(),
    }
}

/// A model, what named it, and in which step.
pub(super) type Winner = (ModelRef, Source, StepName);

/// What the payload's model comes to.
struct Asked {
    step: Step,
    intended: Option<ModelRef>,
    winner: Option<Winner>,
    failure: Option<Failure>,
    /// Whether it was refused and the run goes on without it.
    refused: bool,
}

fn payload(s: &Selecting<'_>) -> Asked {
    let at = s.payload.map(|_| format!("{}: payload.model", s.job_at));
    let mut asked = Asked {
        step: step(StepName::Payload, at, s.payload),
        intended: None,
        winner: None,
        failure: None,
        refused: false,
    };
    let Some(text) = s.payload else {
        "the job names no model".clone_into(&mut asked.step.reason);
        return asked;
    };
    match s.facts.resolve(s.rules, s.settings, text) {
        Ok(found) => {
            asked.intended = Some(found.reference.clone());
            take(&mut asked.step, &found);
            asked.winner = Some((found.reference, Source::Payload, StepName::Payload));
        }
        Err(Refusal::Invalid) => {
            asked.step.outcome = StepOutcome::Refused;
            "is no model: a name on both sides of the slash is needed"
                .clone_into(&mut asked.step.reason);
            asked.failure = Some(invalid(s, text));
        }
        Err(Refusal::NotAllowed(found)) => {
            asked.intended = Some(found.reference.clone());
            asked.step.outcome = StepOutcome::Refused;
            asked.step.reference = Some(found.reference.clone());
            asked.step.reason = not_allowed(&s.facts.allowed, &found);
            if s.rules.disallowed == Disallowed::RunsDefault {
                add(
                    &mut asked.step.reason,
                    "the run silently goes on without it",
                );
                asked.refused = true;
            } else {
                asked.failure = Some(rejected(s, text, &found.reference));
            }
        }
    }
    asked
}

/// Looks at every step and says what became of it.
pub(super) fn select(s: &Selecting<'_>) -> Selected {
    let mut missing = Vec::new();
    let asked = payload(s);
    let (mut winner, failed) = (asked.winner, asked.failure.is_some());
    let mut steps = Vec::with_capacity(8);
    steps.push(asked.step);
    if s.gmail || s.settings.gmail.is_some() {
        steps.push(steps::hook(s, &mut winner));
    }
    let blocked = asked.refused || failed;
    steps.push(steps::session(s, &mut winner, blocked, &mut missing));
    for sub in steps::subagents(s) {
        steps.push(steps::considered(s, &sub, &mut winner));
    }
    let winner = defaults(s, &mut steps, winner, failed);
    finish(&mut steps, &winner, failed);
    Selected {
        steps,
        intended: asked.intended,
        model: match asked.failure {
            Some(failure) => Err(failure),
            None => Ok((winner.0, winner.1)),
        },
        refused: asked.refused,
        missing,
    }
}

/// Adds the default, which wins when nothing before it did.
fn defaults(
    s: &Selecting<'_>,
    steps: &mut Vec<Step>,
    winner: Option<Winner>,
    failed: bool,
) -> Winner {
    let default = &s.facts.default;
    let (name, source) = if s.facts.merged.own_primary && default.said.is_some() {
        (StepName::Agent, Source::Agent)
    } else {
        (StepName::Default, Source::Default)
    };
    let said = default.said.as_ref();
    let text = said.map(|d| d.text.as_str());
    let mut own = step(name, said.map(|d| d.at.to_string()), text);
    own.reference = Some(default.reference.clone());
    own.reason = default.how.clone().unwrap_or_default();
    let winner = winner.unwrap_or_else(|| (default.reference.clone(), source, name));
    if winner.2 != name || failed {
        own.outcome = StepOutcome::Lost;
    }
    // Some releases look at the agent's model twice: as a sub-agent default and as the default.
    let shown = steps.iter().any(|s| {
        s.found_at.is_some() && s.found_at == own.found_at && s.outcome == StepOutcome::Absent
    });
    if !shown {
        steps.push(own);
    }
    let model = s.settings.defaults.model.as_ref();
    if name == StepName::Agent
        && let Some(behind) = model.and_then(|m| m.primary.as_ref())
    {
        let at = Some(behind.at.to_string());
        let mut of_all = step(StepName::Default, at, Some(&behind.text));
        of_all.outcome = StepOutcome::Lost;
        "the agent has a model of its own".clone_into(&mut of_all.reason);
        steps.push(of_all);
    }
    winner
}

/// Ranks the steps and says who won over whom.
fn finish(steps: &mut [Step], winner: &Winner, failed: bool) {
    let mut chosen = false;
    for (i, step) in steps.iter_mut().enumerate() {
        step.order = i + 1;
        let open = matches!(step.outcome, StepOutcome::Absent) && step.reference.is_some();
        if !(open || step.outcome == StepOutcome::Lost) {
            continue;
        }
        if failed {
            step.outcome = StepOutcome::Lost;
            add(&mut step.reason, "the run fails before it counts");
        } else if !chosen && step.step == winner.2 && step.outcome != StepOutcome::Lost {
            chosen = true;
            step.outcome = StepOutcome::Chosen;
        } else {
            step.outcome = StepOutcome::Lost;
            if !step.reason.contains("of its own") {
                add(&mut step.reason, &format!("lost to {}", winner.2.word()));
            }
        }
    }
}

pub(super) fn add(reason: &mut String, more: &str) {
    if !reason.is_empty() {
        reason.push_str("; ");
    }
    reason.push_str(more);
}

pub(super) fn take(step: &mut Step, found: &Found) {
    step.reference = Some(found.reference.clone());
    if let Some(how) = &found.how {
        step.reason.clone_from(how);
    }
}

pub(super) fn not_allowed(allowed: &Allowed, found: &Found) -> String {
    let Allowed::Only(only) = allowed else {
        return String::new();
    };
    let how = found
        .how
        .as_deref()
        .map_or(String::new(), |h| format!("{h}; "));
    format!("{how}{} is not allowed by {}", found.reference, only.path)
}

fn invalid(s: &Selecting<'_>, text: &str) -> Failure {
    let error = format!("invalid model: {text}");
    Failure {
        class: FailureClass::InvalidModel,
        error: match s.rules.rejection {
            Rejection::Bare => error,
            Rejection::CronShort | Rejection::Cron => {
                format!("cron payload.model '{text}' rejected: {error}")
            }
            Rejection::Automation => {
                format!("automation model override '{text}' rejected: {error}")
            }
        },
    }
}

fn rejected(s: &Selecting<'_>, text: &str, model: &ModelRef) -> Failure {
    let Allowed::Only(only) = &s.facts.allowed else {
        return invalid(s, text);
    };
    let list = only.written.join(", ");
    let key = s.rules.names.key(model);
    Failure {
        class: FailureClass::NotAllowed,
        error: match s.rules.rejection {
            Rejection::Bare => format!("model not allowed: {key}"),
            Rejection::CronShort => format!(
                "cron payload.model '{text}' rejected by agents.defaults.models allowlist: {key}"
            ),
            Rejection::Cron => format!(
                "cron payload.model '{text}' rejected by agents.defaults.models allowlist: \
                 {key} is not in [{list}]"
            ),
            Rejection::Automation => format!(
                "automation model override '{text}' rejected by {}: {key} is not in [{list}]",
                only.path
            ),
        },
    }
}
