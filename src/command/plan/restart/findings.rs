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
    let mut at_once = false;
    let one_lane = played.iter().all(|p| p.one_lane || p.runs.is_empty());
    for p in peaks.iter().filter(|p| p.group.is_some()) {
        let (before, after) = (p.on_schedule.concurrent, p.catch_up.concurrent);
        at_once |= after > 1;
        if after > before {
            let group = p.group.as_deref().unwrap_or_default();
            let (severity, what) = if one_lane {
                (Severity::Note, "hold slots at once")
            } else {
                (Severity::Warning, "at once")
            };
            out.push(finding(
                Kind::Load,
                severity,
                format!(
                    "{group}: {after} runs {what} in the catch-up, where the same {} had {before} on \
                     schedule",
                    jobs(p.jobs)
                ),
            ));
        }
    }
    for gateway in played.iter().filter(|p| at_once && p.one_lane) {
        out.extend(lane(gateway));
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

/// Runs that hold slots at once do not all call models at once.
fn lane(played: &Played) -> Option<RestartFinding> {
    const READ: [&str; 2] = ["2026.3.28", "2026.3.31"];
    if played.runs.len() < 2 {
        return None;
    }
    let (source, version) = (&played.gateway.source, &played.gateway.version);
    let likely = if READ.contains(&version.as_str()) {
        ""
    } else {
        ", likely here"
    };
    Some(finding(
        Kind::OneLane,
        Severity::Note,
        format!(
            "{source}: OpenClaw {version} calls models for isolated agent turns one at a time, whatever \
             its slots (run on 2026.3.28, read of 2026.3.31{likely}): the others hold a slot and wait, \
             which counts for their time-out, and their ends are later than these rows say; cronctl plan \
             --restart-at with --what-if plays it"
        ),
    ))
}

/// What one gateway's findings are drawn from, and where they go.
struct Of<'a> {
    played: &'a Played,
    restart: &'a Restart,
    out: &'a mut Vec<RestartFinding>,
}

fn of_gateway(played: &Played, restart: &Restart, out: &mut Vec<RestartFinding>) {
    let mut of = Of {
        played,
        restart,
        out,
    };
    if of.starts() {
        of.restarting();
        of.queue();
        of.lost();
        of.interrupted();
        of.doubts();
    }
}

impl<'a> Of<'a> {
    fn say(&mut self, kind: Kind, severity: Severity, text: &str) {
        let tag = &self.played.gateway.source;
        self.out
            .push(finding(kind, severity, format!("{tag}: {text}")));
    }

    fn with(&self, outcome: Outcome) -> Vec<&'a RestartRow> {
        let rows = self.played.rows.iter();
        rows.filter(|r| r.outcome == outcome).collect()
    }

    /// Whether the gateway starts, and its scheduler does.
    fn starts(&mut self) -> bool {
        for (sure, said) in &self.played.refused {
            let severity = match sure {
                Confidence::Assumed => Severity::Warning,
                _ => Severity::Error,
            };
            self.say(Kind::ConfigRefused, severity, said);
        }
        if self.played.cron_off {
            let said = "cron.enabled is false: nothing is caught up, and nothing fires";
            self.say(Kind::CronDisabled, Severity::Warning, said);
        }
        self.played.gateway.starts && !self.played.cron_off
    }

    fn restarting(&mut self) {
        for row in self.with(Outcome::CaughtUp) {
            let Some(words) = &row.restarts else { continue };
            let said = format!(
                "{} is caught up and its text restarts or stops the gateway ({words}): that ends every \
                 other run and begins the catch-up anew; openclaw#46287 and #59301 report restarts \
                 without end. Disable it before the restart",
                label(row)
            );
            self.say(Kind::RestartsGateway, Severity::Warning, &said);
        }
    }

    fn queue(&mut self) {
        let caught_up = self.with(Outcome::CaughtUp);
        let g = &self.played.gateway;
        if g.longest_wait_ms > 0 {
            let waiting = caught_up.iter().filter(|r| r.wait_ms > Some(0)).count();
            let longest = when::duration(g.longest_wait_ms);
            let said = format!(
                "{} for a slot, the longest {longest} ({})",
                waits(waiting),
                g.slots_rule
            );
            self.say(Kind::Queue, Severity::Warning, &said);
        }
        let none = caught_up.iter().filter(|r| r.start_at_ms.is_none()).count();
        if none > 0 {
            let until = when::utc(self.restart.until_ms);
            let said = format!(
                "{} that are deferred find no slot before {until}",
                jobs(none)
            );
            self.say(Kind::NoSlot, Severity::Warning, &said);
        }
    }

    fn lost(&mut self) {
        let g = &self.played.gateway;
        let runs = self.with(Outcome::CaughtUp).len() as u64;
        let lost = g.missed_slots.saturating_sub(runs);
        if lost > 0 {
            let (missed, slots) = (jobs(g.missed_jobs), g.missed_slots);
            let text = if self.with(Outcome::Dropped).is_empty() {
                format!("{missed} missed {slots} slots and run once each: {lost} are never made up")
            } else {
                format!(
                    "{missed} missed {slots} slots: {lost} are never made up, all slots of recurring \
                     jobs by cron.skipMissedJobs"
                )
            };
            self.say(Kind::NeverMadeUp, Severity::Note, &text);
        }
        if g.passed_over > 0 {
            let said = format!(
                "{} slots fall due while the first {} run, until {}: this version computes the \
                 schedules anew afterwards and passes them over",
                g.passed_over,
                jobs(g.immediate),
                when::utc(g.immediate_ended_at_ms)
            );
            self.say(Kind::PassedOver, Severity::Warning, &said);
        }
    }

    fn interrupted(&mut self) {
        let interrupted = self.with(Outcome::Interrupted);
        if !interrupted.is_empty() {
            let (n, named) = (jobs(interrupted.len()), named(&interrupted));
            let said = format!(
                "{n} had a run in flight when the record was made and {} not caught up: {named}",
                if interrupted.len() == 1 { "is" } else { "are" }
            );
            self.say(Kind::Interrupted, Severity::Warning, &said);
        }
    }

    fn doubts(&mut self) {
        let rows = self.played.rows.iter();
        let assumed = rows.filter(|r| r.evidence == Some(Proof::Assumed)).count();
        if assumed > 0 {
            let down = self.restart.down_since_ms.map(when::utc);
            let said = format!(
                "what {} missed is assumed, not recorded: that everything ran before {}, and nothing \
                 since",
                jobs(assumed),
                down.unwrap_or_default()
            );
            self.say(Kind::Assumed, Severity::Note, &said);
        }
        let g = &self.played.gateway;
        let sure = match g.rule_confidence {
            Confidence::Certain => return,
            Confidence::Likely => "most likely those",
            Confidence::Assumed => "assumed to be those",
        };
        let said = format!(
            "the code of OpenClaw {} was not read: its catch-up rules are {sure} of the version read \
             before it",
            g.version
        );
        self.say(Kind::RulesNotCertain, Severity::Note, &said);
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
