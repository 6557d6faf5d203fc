//! Which model a run is started with: the steps in order of precedence.

use super::agent::{self, Merged};
use super::alias::AliasIndex;
use super::allow::{self, Allowed, Refusal, Scope};
use super::default::{self, Default};
use super::lookup::{self, Found, View};
use super::names::trim;
use super::resolution::{Failure, FailureClass, Source, Step, StepName, StepOutcome};
use super::rules::{Disallowed, Drops, Rejection, Rules, Subagents};
use super::settings::{AgentModels, At, ModelSettings, Said};
use super::{ModelRef, SessionRow};

/// What is known about one agent under one set of rules, worked out once.
#[derive(Debug)]
pub(super) struct AgentFacts<'a> {
    /// Its entry.
    pub(super) entry: Option<&'a AgentModels>,
    /// The defaults merged with it.
    pub(super) merged: Merged<'a>,
    /// Its default model.
    pub(super) default: Default,
    /// Its aliases, bare keys belonging to the default's provider.
    pub(super) aliases: AliasIndex,
    /// Those of its fallbacks, where they differ.
    pub(super) behind: Option<AliasIndex>,
    /// What it may run.
    pub(super) allowed: Allowed,
    /// The Gmail hook's model for it, when one is set.
    pub(super) gmail: Option<GmailModel>,
}

/// `hooks.gmail.model` for an agent.
#[derive(Debug)]
pub(super) struct GmailModel {
    /// The model; `None` when it cannot be parsed.
    reference: Option<ModelRef>,
    /// Whether the agent may run it.
    allowed: bool,
}

impl<'a> AgentFacts<'a> {
    /// Works out what is known about an agent.
    pub(super) fn of(rules: &Rules, settings: &'a ModelSettings, id: &str) -> Self {
        let entry = agent::entry(settings, id);
        let view = View {
            rules,
            settings,
            agent: entry,
            merged: false,
        };
        let merged = agent::merged(settings, entry);
        let default = default::default(&view.merged(), &merged);
        let aliases = AliasIndex::build(&view, &default.reference.provider);
        let scope = Scope {
            default: &default.reference,
            fallbacks: merged.fallbacks,
            aliases: &aliases,
        };
        let allowed = allow::allowed(&view, &scope);
        let gmail = gmail(&view, &scope);
        let merged_view = view.merged();
        let behind = merged_view
            .is_replaced()
            .then(|| AliasIndex::build(&merged_view, &default.reference.provider));
        Self {
            entry,
            merged,
            default,
            aliases,
            behind,
            allowed,
            gmail,
        }
    }

    /// What texts of this agent are looked up in.
    pub(super) fn view<'v>(&self, rules: &'v Rules, settings: &'v ModelSettings) -> View<'v>
    where
        'a: 'v,
    {
        View {
            rules,
            settings,
            agent: self.entry,
            merged: false,
        }
    }

    /// Resolves a text and checks it against the allowlist.
    pub(super) fn resolve(
        &self,
        rules: &Rules,
        settings: &ModelSettings,
        text: &str,
    ) -> Result<Found, Refusal> {
        let view = self.view(rules, settings);
        let provider = &self.default.reference.provider;
        let found =
            lookup::resolve(&view, &self.aliases, provider, text).ok_or(Refusal::Invalid)?;
        if self.allowed.allows(&found.reference) {
            Ok(found)
        } else {
            Err(Refusal::NotAllowed(found))
        }
    }
}

/// Works out the Gmail hook's model. Its check forgets the agent's model: only the defaults' own
/// fallbacks count.
fn gmail(view: &View<'_>, scope: &Scope<'_>) -> Option<GmailModel> {
    let said = view.settings.gmail.as_ref()?;
    let provider = view.rules.builtin.0;
    let defaults = view.of_defaults();
    let aliases = AliasIndex::build(&defaults, provider);
    let reference = lookup::resolve_in(&defaults, &aliases, provider, &said.text);
    let model = view.settings.defaults.model.as_ref();
    let fallbacks = model.and_then(|m| m.fallbacks.as_deref());
    let scope = Scope {
        fallbacks: fallbacks.unwrap_or_default(),
        ..*scope
    };
    let allowed = allow::allowed(view, &scope);
    Some(GmailModel {
        allowed: reference.as_ref().is_some_and(|r| allowed.allows(r)),
        reference,
    })
}

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

fn step(name: StepName, at: Option<String>, value: Option<&str>) -> Step {
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

/// Looks at every step and says what became of it.
pub(super) fn select(s: &Selecting<'_>) -> Selected {
    let mut steps = Vec::with_capacity(8);
    let mut missing = Vec::new();
    let mut winner: Option<(ModelRef, Source, StepName)> = None;
    let mut failure = None;
    let mut refused = false;
    let mut intended = None;

    let mut payload = step(
        StepName::Payload,
        s.payload.map(|_| format!("{}: payload.model", s.job_at)),
        s.payload,
    );
    match s.payload {
        None => payload.reason = "the job names no model".to_owned(),
        Some(text) => match s.facts.resolve(s.rules, s.settings, text) {
            Ok(found) => {
                intended = Some(found.reference.clone());
                take(&mut payload, &found);
                winner = Some((found.reference, Source::Payload, StepName::Payload));
            }
            Err(refusal) => {
                payload.outcome = StepOutcome::Refused;
                match refusal {
                    Refusal::Invalid => {
                        payload.reason =
                            "is no model: a name on both sides of the slash is needed".to_owned();
                        failure = Some(invalid(s, text));
                    }
                    Refusal::NotAllowed(found) => {
                        intended = Some(found.reference.clone());
                        payload.reference = Some(found.reference.clone());
                        payload.reason = not_allowed(&s.facts.allowed, &found);
                        if s.rules.disallowed == Disallowed::RunsDefault {
                            payload
                                .reason
                                .push_str("; the run silently goes on without it");
                            refused = true;
                        } else {
                            failure = Some(rejected(s, text, &found.reference));
                        }
                    }
                }
            }
        },
    }
    steps.push(payload);
    if s.gmail || s.settings.gmail.is_some() {
        steps.push(hook(s, &mut winner));
    }
    let blocked = refused || failure.is_some();
    steps.push(session(s, &mut winner, blocked, &mut missing));
    for sub in subagents(s) {
        steps.push(considered(s, sub, &mut winner));
    }
    let default = &s.facts.default;
    let name = if s.facts.merged.own_primary && default.said.is_some() {
        StepName::Agent
    } else {
        StepName::Default
    };
    let mut last = step(
        name,
        default.said.as_ref().map(|d| d.at.to_string()),
        default.said.as_ref().map(|d| d.text.as_str()),
    );
    last.reference = Some(default.reference.clone());
    last.reason = default.how.clone().unwrap_or_default();
    let winner = winner.unwrap_or_else(|| {
        let source = if name == StepName::Agent {
            Source::Agent
        } else {
            Source::Default
        };
        (default.reference.clone(), source, name)
    });
    if winner.2 != name || failure.is_some() {
        last.outcome = StepOutcome::Lost;
    }
    // Some releases look at the agent's model twice: as a sub-agent default and as the default.
    let shown = steps.iter().any(|s| {
        s.found_at.is_some() && s.found_at == last.found_at && s.outcome == StepOutcome::Absent
    });
    if !shown {
        steps.push(last);
    }
    if name == StepName::Agent
        && let Some(behind) = s
            .settings
            .defaults
            .model
            .as_ref()
            .and_then(|m| m.primary.as_ref())
    {
        let mut lost = step(
            StepName::Default,
            Some(behind.at.to_string()),
            Some(&behind.text),
        );
        lost.outcome = StepOutcome::Lost;
        lost.reason = "the agent has a model of its own".to_owned();
        steps.push(lost);
    }
    finish(&mut steps, &winner, failure.is_some());
    Selected {
        steps,
        intended,
        model: match failure {
            Some(failure) => Err(failure),
            None => Ok((winner.0, winner.1)),
        },
        refused,
        missing,
    }
}

/// Ranks the steps and says who won over whom.
fn finish(steps: &mut [Step], winner: &(ModelRef, Source, StepName), failed: bool) {
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

fn add(reason: &mut String, more: &str) {
    if !reason.is_empty() {
        reason.push_str("; ");
    }
    reason.push_str(more);
}

fn take(step: &mut Step, found: &Found) {
    step.reference = Some(found.reference.clone());
    if let Some(how) = &found.how {
        step.reason.clone_from(how);
    }
}

fn not_allowed(allowed: &Allowed, found: &Found) -> String {
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

/// `hooks.gmail.model`, for runs that process its mail.
fn hook(s: &Selecting<'_>, winner: &mut Option<(ModelRef, Source, StepName)>) -> Step {
    let said = s.settings.gmail.as_ref();
    let mut hook = step(
        StepName::Hook,
        said.map(|d| d.at.to_string()),
        said.map(|d| d.text.as_str()),
    );
    if said.is_none() {
        hook.reason = "hooks.gmail.model is not set".to_owned();
        return hook;
    }
    if !s.gmail {
        hook.outcome = StepOutcome::Ignored;
        hook.reason = "counts for runs that process Gmail's mail only".to_owned();
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
            hook.reason = "is no model: ignored without an error".to_owned();
        }
    }
    hook
}

/// The session row's override, which counts when neither the payload nor the hook names a model.
fn session(
    s: &Selecting<'_>,
    winner: &mut Option<(ModelRef, Source, StepName)>,
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
struct Sub<'a> {
    name: StepName,
    source: Source,
    said: &'a Said,
    /// Whether an earlier one is set, which alone counts.
    behind: Option<&'a At>,
}

/// The sub-agent defaults that are set, in the release's order.
fn subagents<'a>(s: &Selecting<'a>) -> Vec<Sub<'a>> {
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

fn considered(
    s: &Selecting<'_>,
    sub: Sub<'_>,
    winner: &mut Option<(ModelRef, Source, StepName)>,
) -> Step {
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
            step.reason = "is no model: ignored without an error".to_owned();
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
