//! What a rehearsal means, in words that the figures give. Pure.

use super::fault::Read;
use super::outcome::{Change, compared, outcome, outcome_of};
use super::report::{
    Finding, FindingKind, RestartRule, RestartUse, Scenario, ScenarioRow, Sureness,
};
use super::setting::Cast;
use crate::rehearsal::Figures;
use crate::source::SourceInfo;
use crate::when;

/// What findings are drawn from.
pub(super) struct Facts<'a> {
    pub(super) sources: &'a [SourceInfo],
    pub(super) rows: &'a [ScenarioRow],
    pub(super) cast: &'a Cast,
    pub(super) faults: &'a Read,
    /// The strategy of the scenarios with jitter.
    pub(super) jitter: &'a str,
    pub(super) window_ms: Option<i64>,
    pub(super) restart: Option<&'a RestartUse>,
}

/// Draws the findings: first what the question got wrong, then the answer, then what is not in it.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let of = |scenario| facts.rows.iter().find(|r| r.scenario == scenario);
    let mut found = cron_disabled(facts);
    found.extend(not_called(facts));
    let (Some(as_is), Some(jitter), Some(honoured), Some(both)) = (
        of(Scenario::AsIs),
        of(Scenario::Jitter),
        of(Scenario::Honoured),
        of(Scenario::Both),
    ) else {
        return found;
    };
    let (as_is, jitter) = (&as_is.figures, &jitter.figures);
    let (honoured, both) = (&honoured.figures, &both.figures);
    found.push(outcome(as_is));
    found.extend(catch_up(facts, as_is));
    if as_is.calls > 0 || honoured.calls > 0 {
        found.push(jittered(facts, as_is, jitter));
        found.push(changed(
            FindingKind::Honoured,
            "declared models honoured",
            as_is,
            honoured,
        ));
        found.push(changed(FindingKind::Both, "both", as_is, both));
        found.extend(fallback(facts, as_is, honoured));
    }
    found.extend(timed_out(facts));
    found.extend(switched_off(facts));
    found.extend(lane(facts));
    found.extend(not_simulated(facts, as_is));
    found
}

pub(super) fn warning(kind: FindingKind, text: String) -> Finding {
    Finding {
        kind,
        warning: true,
        text,
    }
}

pub(super) fn note(kind: FindingKind, text: String) -> Finding {
    Finding {
        kind,
        warning: false,
        text,
    }
}

/// `1 run`, `24 runs`.
pub(super) fn runs(n: u64) -> String {
    if n == 1 {
        "1 run".to_owned()
    } else {
        format!("{n} runs")
    }
}

/// `1 job`, `24 jobs`.
pub(super) fn jobs(n: u64) -> String {
    if n == 1 {
        "1 job".to_owned()
    } else {
        format!("{n} jobs")
    }
}

/// The word for one, or for any other number.
pub(super) fn verb(n: u64, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

fn cron_disabled(facts: &Facts<'_>) -> Vec<Finding> {
    let off = facts.sources.iter();
    let off = off.filter(|s| s.cron_enabled == Some(false));
    let of = |source: &SourceInfo| {
        warning(
            FindingKind::CronDisabled,
            format!(
                "{}: cron is switched off (cron.enabled is false): nothing of this fires, it is played as though it were on",
                source.tag
            ),
        )
    };
    off.map(of).collect()
}

fn not_called(facts: &Facts<'_>) -> Vec<Finding> {
    let faults = &facts.faults.said;
    let capacity = &facts.faults.capacity_said;
    let faults = faults
        .iter()
        .filter(|f| !f.called)
        .map(|f| (&f.target, &f.nearest));
    let missing = capacity
        .iter()
        .filter(|c| !c.called)
        .map(|c| (&c.provider, &c.nearest));
    let of = |(name, nearest): (&String, &Option<String>)| {
        let (known, unknown) = (&facts.cast.providers, facts.cast.unknown as u64);
        let hint = match nearest {
            Some(near) => format!("; did you mean {near}?"),
            None if known.is_empty() => String::new(),
            None => format!("; called are {}", known.join(", ")),
        };
        let of_sessions = facts.cast.of_sessions as u64;
        let said = match (unknown, of_sessions) {
            (0, 0) => format!("no job of this plan calls {name}, so that it changes nothing"),
            (0, _) => format!(
                "no job of this plan is known to call {name}: the fallbacks of {}, whose turn is the main session's, are not known",
                jobs(of_sessions),
            ),
            _ => format!(
                "not known whether a job calls {name}: of {} it is not known which model {}",
                jobs(unknown),
                verb(unknown, "it calls", "they call"),
            ),
        };
        warning(FindingKind::NotCalled, format!("{said}{hint}"))
    };
    faults.chain(missing).map(of).collect()
}

fn jittered(facts: &Facts<'_>, as_is: &Figures, jitter: &Figures) -> Finding {
    let compared = compared(as_is, jitter);
    let helps = jitter.not_ok < as_is.not_ok || jitter.failed_calls < as_is.failed_calls;
    let shortest = shortest_outage_ms(facts);
    let why = match (facts.window_ms, shortest) {
        (Some(window), Some(outage)) if !helps && as_is.failed_calls > 0 && outage > window => {
            format!(
                ": the outage of {} is longer than the window of {}",
                when::duration(outage),
                when::duration(window)
            )
        }
        (Some(_), None) if !helps && as_is.failed_calls > 0 && !facts.faults.faults.is_empty() => {
            ": the fault never ends".to_owned()
        }
        _ => String::new(),
    };
    let verb = match outcome_of(as_is, jitter) {
        Change::NoRun | Change::Nothing if !helps && as_is.failed_calls > 0 => {
            "alone saves no run".to_owned()
        }
        change => change.to_string(),
    };
    note(
        FindingKind::Jitter,
        format!("jitter ({}): {verb}{why}; {compared}", facts.jitter),
    )
}

/// The shortest stretch of any fault; `None` when one never ends, or there is none.
fn shortest_outage_ms(facts: &Facts<'_>) -> Option<i64> {
    let mut shortest = None;
    for fault in &facts.faults.faults {
        let spans = fault.spans.as_ref()?;
        let own = spans.iter().map(|s| s.until_ms - s.from_ms).min();
        shortest = [shortest, own].into_iter().flatten().min();
    }
    shortest
}

fn changed(kind: FindingKind, what: &str, before: &Figures, after: &Figures) -> Finding {
    let (change, compared) = (outcome_of(before, after), compared(before, after));
    note(kind, format!("{what}: {change}; {compared}"))
}

fn fallback(facts: &Facts<'_>, as_is: &Figures, honoured: &Figures) -> Option<Finding> {
    let (resolved, declared) = facts.cast.with_fallbacks;
    if as_is.failed_calls == 0 && honoured.failed_calls == 0 {
        return None;
    }
    let count = |n: usize, one, many| format!("{} {}", jobs(n as u64), verb(n as u64, one, many));
    let fall = |n: u64| {
        format!(
            "{} {} back to another provider",
            runs(n),
            verb(n, "falls", "fall")
        )
    };
    let text = match (resolved, declared) {
        (0, 0) => return None,
        (0, _) => format!(
            "as it is, no job has a second model that its run may call; as declared, {}; {} then",
            count(declared, "does", "do"),
            fall(honoured.fell_back)
        ),
        _ => format!(
            "{} a second model to call: {} as it is, {} with declared models honoured",
            count(resolved, "has", "have"),
            fall(as_is.fell_back),
            honoured.fell_back
        ),
    };
    Some(note(FindingKind::Fallback, text))
}

/// The scenarios in which `of` is not zero, with the number.
fn where_any(facts: &Facts<'_>, of: fn(&Figures) -> u64) -> Option<String> {
    let any: Vec<String> = facts
        .rows
        .iter()
        .map(|r| (r.scenario, of(&r.figures)))
        .filter(|(_, n)| *n > 0)
        .map(|(scenario, n)| format!("{n} {}", scenario.said()))
        .collect();
    (!any.is_empty()).then(|| any.join(", "))
}

fn catch_up(facts: &Facts<'_>, as_is: &Figures) -> Option<Finding> {
    let restart = facts.restart?;
    let rule = |g: &RestartRule| {
        let sure = Sureness::of(g.rule_confidence).word();
        format!("{}: {} (OpenClaw {}, {sure})", g.source, g.rule, g.version)
    };
    let rules: Vec<String> = restart.gateways.iter().map(rule).collect();
    let text = format!(
        "{} of {} due are catch-up after the restart at {}: {}. Jitter does not move them, a gateway \
         spaces its catch-up by itself; it moves the regular slots",
        as_is.caught_up,
        runs(as_is.due),
        restart.restart_at,
        rules.join("; "),
    );
    Some(note(FindingKind::CatchUp, text))
}

fn timed_out(facts: &Facts<'_>) -> Option<Finding> {
    let any = where_any(facts, |f| f.timed_out)?;
    let text = format!("runs that their own time-out ends: {any}");
    Some(warning(FindingKind::TimedOut, text))
}

fn switched_off(facts: &Facts<'_>) -> Option<Finding> {
    let any = where_any(facts, |f| f.switched_off)?;
    let text = format!(
        "recurring jobs that their gateway switches off after 10 errors in a row, and that stay off: {any}"
    );
    Some(warning(FindingKind::SwitchedOff, text))
}

fn lane(facts: &Facts<'_>) -> Option<Finding> {
    let lanes = facts.cast.gateways.iter().enumerate();
    let at = lanes
        .filter(|(at, g)| g.lane.is_some() && facts.cast.has(*at))
        .map(|(at, _)| at);
    let versions: Vec<String> = at
        .filter_map(|at| facts.cast.versions[at])
        .map(|version| version.to_string())
        .collect();
    let first = versions.first()?;
    Some(note(
        FindingKind::Lane,
        format!(
            "OpenClaw {first} runs isolated agent turns one at a time, whatever cron.maxConcurrentRuns says: they wait for each other, and the wait counts for their time-out; --max-concurrent-runs N plays it without that lane"
        ),
    ))
}

fn not_simulated(facts: &Facts<'_>, as_is: &Figures) -> Vec<Finding> {
    let mut found = Vec::new();
    if as_is.not_simulated > 0 {
        found.push(warning(
            FindingKind::NotSimulated,
            format!(
                "{} of {} occurrences are not in these figures: it is not known which model their jobs call (crontabs, Molecule, jobs without a model and without a configuration)",
                as_is.not_simulated, as_is.occurrences
            ),
        ));
    }
    if as_is.without_model > 0 {
        let n = as_is.without_model;
        found.push(note(
            FindingKind::NotSimulated,
            format!("{n} occurrences are of jobs that call no model, and are not in these figures"),
        ));
    }
    if facts.cast.of_sessions > 0 {
        let n = facts.cast.of_sessions as u64;
        found.push(warning(
            FindingKind::FallbacksUnknown,
            format!(
                "the turn of {} is the main session's, whose fallbacks are not known: {} played with none",
                jobs(n),
                verb(n, "it is", "they are"),
            ),
        ));
    }
    if facts.cast.without_configuration > 0 {
        let n = facts.cast.without_configuration as u64;
        found.push(warning(
            FindingKind::FallbacksUnknown,
            format!(
                "of {} only {} own word is known, not the configuration that may replace it or add to it: played are payload.model and, where its version tries them, the payload.fallbacks that name a provider (--config FILE says the rest)",
                jobs(n),
                verb(n, "its", "their"),
            ),
        ));
    }
    found
}
