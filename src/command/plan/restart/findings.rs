//! What to know about a restart.

use super::gateway::{Played, Restart};
use super::report::{
    CatchUpPeaks, Outcome, Proof, RestartFinding, RestartFindingKind as Kind, RestartRow, Severity,
};
use crate::openclaw::Confidence;
use crate::when;

/// Jobs that are named in a sentence.
const NAMED: usize = 3;

/// The findings, gateway by gateway, errors first.
pub(super) fn findings(
    played: &[Played],
    peaks: &[CatchUpPeaks],
    restart: &Restart,
) -> Vec<RestartFinding> {
    let mut out = Vec::new();
    for gateway in played {
        of_gateway(gateway, restart, &mut out);
    }
    for p in peaks.iter().filter(|p| p.group.is_some()) {
        let (before, after) = (p.on_schedule.concurrent, p.catch_up.concurrent);
        if after > before {
            let group = p.group.as_deref().unwrap_or_default();
            out.push(finding(
                Kind::Load,
                Severity::Warning,
                format!(
                    "{group}: {after} runs at once in the catch-up, where the same {} had {before} on \
                     schedule",
                    jobs(p.jobs)
                ),
            ));
        }
    }
    out.sort_by_key(|f| std::cmp::Reverse(f.severity));
    out
}

fn finding(kind: Kind, severity: Severity, text: String) -> RestartFinding {
    RestartFinding {
        kind,
        severity,
        text,
    }
}

fn of_gateway(played: &Played, restart: &Restart, out: &mut Vec<RestartFinding>) {
    let g = &played.gateway;
    let tag = &g.source;
    let mut say = |kind, severity, text: String| {
        out.push(finding(kind, severity, format!("{tag}: {text}")));
    };
    for (sure, said) in &played.refused {
        let severity = match sure {
            Confidence::Assumed => Severity::Warning,
            _ => Severity::Error,
        };
        say(Kind::ConfigRefused, severity, said.clone());
    }
    if played.cron_off {
        let said = "cron.enabled is false: nothing is caught up, and nothing fires";
        say(Kind::CronDisabled, Severity::Warning, said.to_owned());
    }
    if !g.starts || played.cron_off {
        return;
    }
    let with = |outcome: Outcome| {
        let rows = played.rows.iter();
        rows.filter(move |r| r.outcome == outcome)
            .collect::<Vec<_>>()
    };
    let caught_up = with(Outcome::CaughtUp);
    for row in caught_up.iter().filter(|r| r.restarts.is_some()) {
        let words = row.restarts.as_deref().unwrap_or_default();
        say(
            Kind::RestartsGateway,
            Severity::Warning,
            format!(
                "{} is caught up and its text restarts or stops the gateway ({words}): that ends every \
                 other run and begins the catch-up anew; openclaw#46287 and #59301 report restarts \
                 without end. Disable it before the restart",
                label(row)
            ),
        );
    }
    if g.longest_wait_ms > 0 {
        let waiting = caught_up.iter().filter(|r| r.wait_ms > Some(0)).count();
        say(
            Kind::Queue,
            Severity::Warning,
            format!(
                "{} for a slot, the longest {} ({})",
                waits(waiting),
                when::duration(g.longest_wait_ms),
                g.slots_rule
            ),
        );
    }
    let late: Vec<_> = caught_up
        .iter()
        .filter(|r| r.start_at_ms.is_none())
        .collect();
    if !late.is_empty() {
        let until = when::utc(restart.until_ms);
        let n = jobs(late.len());
        say(
            Kind::NoSlot,
            Severity::Warning,
            format!("{n} that are deferred find no slot before {until}"),
        );
    }
    let runs = caught_up.len() as u64;
    let dropped = with(Outcome::Dropped);
    let lost = g.missed_slots.saturating_sub(runs);
    if lost > 0 {
        let missed = jobs(g.missed_jobs);
        let text = if dropped.is_empty() {
            format!(
                "{missed} missed {} slots and run once each: {lost} are never made up",
                g.missed_slots
            )
        } else {
            format!(
                "{missed} missed {} slots: {lost} are never made up, all slots of recurring jobs by \
                 cron.skipMissedJobs",
                g.missed_slots
            )
        };
        say(Kind::NeverMadeUp, Severity::Note, text);
    }
    if g.passed_over > 0 {
        say(
            Kind::PassedOver,
            Severity::Warning,
            format!(
                "{} slots fall due while the first {} run, until {}: this version computes the \
                 schedules anew afterwards and passes them over",
                g.passed_over,
                jobs(g.immediate),
                when::utc(g.immediate_ended_at_ms)
            ),
        );
    }
    let interrupted = with(Outcome::Interrupted);
    if !interrupted.is_empty() {
        let named = named(&interrupted);
        let n = jobs(interrupted.len());
        say(
            Kind::Interrupted,
            Severity::Warning,
            format!(
                "{n} had a run in flight when the record was made and are not caught up: {named}"
            ),
        );
    }
    let assumed = caught_up.iter().chain(&dropped);
    let assumed = assumed
        .filter(|r| r.evidence == Some(Proof::Assumed))
        .count();
    if assumed > 0 {
        let down = restart.down_since_ms.map(when::utc).unwrap_or_default();
        say(
            Kind::Assumed,
            Severity::Note,
            format!(
                "what {} missed is assumed, not recorded: that everything ran before {down}, and \
                 nothing since",
                jobs(assumed)
            ),
        );
    }
    if g.rule_confidence != Confidence::Certain {
        let sure = match g.rule_confidence {
            Confidence::Likely => "most likely those",
            _ => "assumed to be those",
        };
        say(
            Kind::RulesNotCertain,
            Severity::Note,
            format!(
                "the code of OpenClaw {} was not read: its catch-up rules are {sure} of the version read \
                 before it",
                g.version
            ),
        );
    }
}

fn jobs(n: usize) -> String {
    if n == 1 {
        "1 job".to_owned()
    } else {
        format!("{n} jobs")
    }
}

fn waits(n: usize) -> String {
    format!("{} {}", jobs(n), if n == 1 { "waits" } else { "wait" })
}

fn label(row: &RestartRow) -> &str {
    row.name.as_deref().unwrap_or(&row.job)
}

fn named(rows: &[&RestartRow]) -> String {
    let mut said: Vec<&str> = rows.iter().take(NAMED).map(|r| label(r)).collect();
    let more = format!("{} more", rows.len().saturating_sub(NAMED));
    if rows.len() > NAMED {
        said.push(&more);
    }
    said.join(", ")
}
