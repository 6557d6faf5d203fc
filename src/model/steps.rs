//! The steps behind the payload: the Gmail hook's model, the session's override, the sub-agent
//! defaults.

use super::ModelRef;
use super::SessionRow;
use super::allow::Refusal;
use super::names::trim;
use super::resolution::{Source, Step, StepName, StepOutcome};
use super::rules::{Drops, Subagents};
use super::select::{Known, Selecting, Winner, add, not_allowed, step, take};
use super::settings::{At, Said};

/// `hooks.gmail.model`, for runs that process its mail.
pub(super) fn hook(s: &Selecting<'_>, winner: &mut Option<Winner>) -> Step {
    let said = s.settings.gmail.as_ref();
    let mut hook = step(
        StepName::Hook,
        said.map(|d| d.at.to_string()),
        said.map(|d| d.text.as_str()),
    );
    if said.is_none() {
        "hooks.gmail.model is not set".clone_into(&mut hook.reason);
        return hook;
    }
    if !s.gmail {
        hook.outcome = StepOutcome::Ignored;
        "counts for runs that process Gmail's mail only".clone_into(&mut hook.reason);
        return hook;
    }
    match s.facts.gmail.as_ref().map(|g| (&g.reference, g.allowed)) {
        Some((Some(model), true)) => {
            hook.reference = Some(model.clone());
            if winner.is_none() {
                *winner = Some((model.clone(), Source::Hook, StepName::Hook));
            }
        }
        Some((Some(model), false)) => {
            hook.reason = format!("{model} is not allowed: ignored without an error");
            hook.reference = Some(model.clone());
            hook.outcome = StepOutcome::Refused;
        }
        _ => {
            hook.outcome = StepOutcome::Refused;
            "is no model: ignored without an error".clone_into(&mut hook.reason);
        }
    }
    hook
}

/// The session row's override, which counts when neither the payload nor the hook names a model.
pub(super) fn session(
    s: &Selecting<'_>,
    winner: &mut Option<Winner>,
    blocked: bool,
    missing: &mut Vec<String>,
) -> Step {
    let row = match s.row {
        Known::Row(row) => row,
        Known::None => {
            let mut none = step(StepName::Session, None, None);
            none.reason = format!("no session row {}", s.row_key);
            return none;
        }
        Known::Unknown(why) => {
            let mut unknown = step(StepName::Session, None, None);
            unknown.outcome = StepOutcome::Unknown;
            unknown.reason.clone_from(why);
            if winner.is_none() && !blocked {
                missing.push(format!(
                    "whether session row {} has an override: {why}",
                    s.row_key
                ));
            }
            return unknown;
        }
    };
    let at = Some(format!("{}: {}.modelOverride", row.at, s.row_key));
    let Some(text) = row.model_override.as_deref() else {
        let mut none = step(StepName::Session, None, None);
        none.reason = recorded(row).map_or_else(
            || "the session row has no override".to_owned(),
            |model| {
                format!(
                    "the session row has no override; its {model} is what the last run left, \
                     not a selection"
                )
            },
        );
        return none;
    };
    let provider = row.provider_override.as_deref();
    let whole = format!(
        "{}/{text}",
        provider.unwrap_or(&s.facts.default.reference.provider)
    );
    let mut session = step(StepName::Session, at, Some(&whole));
    let source = row.override_source.as_deref();
    if s.fresh
        && let Some(why) = dropped(s.rules.drops, row)
    {
        session.outcome = StepOutcome::Ignored;
        session.reason = format!("{why}: a fresh run leaves it behind");
        return session;
    }
    match s.facts.resolve(s.rules, s.settings, &whole) {
        Ok(found) => {
            take(&mut session, &found);
            if let Some(source) = source {
                add(&mut session.reason, &format!("set by {source}"));
            }
            if winner.is_none() && !blocked {
                *winner = Some((found.reference, Source::Session, StepName::Session));
            }
        }
        Err(refusal) => {
            session.outcome = StepOutcome::Refused;
            session.reason = match refusal {
                Refusal::Invalid => "is no model: ignored without an error".to_owned(),
                Refusal::NotAllowed(found) => {
                    let why = not_allowed(&s.facts.allowed, &found);
                    session.reference = Some(found.reference);
                    format!("{why}: ignored without an error")
                }
            };
        }
    }
    session
}

/// Why a fresh run leaves the override of a row behind, when it does.
fn dropped(drops: Drops, row: &SessionRow) -> Option<String> {
    let source = row.override_source.as_deref();
    let by_source = match source {
        Some("auto") => drops >= Drops::Auto,
        Some("default") => drops >= Drops::AutoOrDefault,
        Some(_) => false,
        None => {
            let left = drops >= Drops::AutoOrFallback && row.override_of_fallback;
            return left.then(|| "a fallback set it".to_owned());
        }
    };
    by_source.then(|| format!("its source is {:?}", source.unwrap_or_default()))
}

/// The pair that the last run left in a row.
pub(super) fn recorded(row: &SessionRow) -> Option<String> {
    let model = row.model.as_deref()?;
    Some(match row.model_provider.as_deref() {
        Some(provider) => ModelRef::new(provider, model).to_string(),
        None => model.to_owned(),
    })
}

/// One sub-agent default that is set.
pub(super) struct Sub<'a> {
    name: StepName,
    source: Source,
    said: &'a Said,
    /// Whether an earlier one is set, which alone counts.
    behind: Option<&'a At>,
}

/// The sub-agent defaults that are set, in the release's order.
pub(super) fn subagents<'a>(s: &Selecting<'a>) -> Vec<Sub<'a>> {
    let own = s.facts.entry;
    let sub = own
        .and_then(|a| a.subagents.as_ref())
        .and_then(|m| m.primary.as_ref())
        .map(|said| (StepName::Subagent, Source::Subagent, said));
    let all = s
        .settings
        .defaults
        .subagents
        .as_ref()
        .and_then(|m| m.primary.as_ref())
        .map(|said| (StepName::Subagent, Source::Subagent, said));
    let agent = own
        .and_then(|a| a.model.as_ref())
        .and_then(|m| m.primary.as_ref())
        .map(|said| (StepName::Agent, Source::Agent, said));
    let order = match s.rules.subagents {
        Subagents::None => return Vec::new(),
        Subagents::WithoutAgentModel => [sub, all, None],
        Subagents::AgentModelFirst => [sub, agent, all],
        Subagents::AgentModelLast => [sub, all, agent],
    };
    let mut first: Option<&At> = None;
    let mut set = Vec::new();
    for (name, source, said) in order.into_iter().flatten() {
        // Behind another one, the agent's model still is the default: it is listed as that.
        if name == StepName::Agent && first.is_some() {
            continue;
        }
        set.push(Sub {
            name,
            source,
            said,
            behind: first,
        });
        first.get_or_insert(&said.at);
    }
    set
}

pub(super) fn considered(s: &Selecting<'_>, sub: &Sub<'_>, winner: &mut Option<Winner>) -> Step {
    let at = Some(sub.said.at.to_string());
    let mut step = step(sub.name, at, Some(trim(&sub.said.text)));
    if let Some(first) = sub.behind {
        step.outcome = StepOutcome::Ignored;
        step.reason = format!("{} is set and comes first", first.path);
        return step;
    }
    match s.facts.resolve(s.rules, s.settings, &sub.said.text) {
        Ok(found) => {
            take(&mut step, &found);
            if winner.is_none() {
                *winner = Some((found.reference, sub.source, sub.name));
            }
        }
        Err(Refusal::Invalid) => {
            step.outcome = StepOutcome::Refused;
            "is no model: ignored without an error".clone_into(&mut step.reason);
        }
        Err(Refusal::NotAllowed(found)) => {
            step.outcome = StepOutcome::Refused;
            step.reason = format!(
                "{}: ignored without an error",
                not_allowed(&s.facts.allowed, &found)
            );
            step.reference = Some(found.reference);
        }
    }
    step
}
