//! Counts of all slots, and rows of those that are shown.

use jiff::tz::TimeZone;

use super::args::{AuditArgs, FailOn};
use super::gather::{Gateway, Period};
use super::is_finding;
use super::report::{AuditReport, Counts, HistoryUse, Inputs, JobCounts, SlotRow, Summary};
use crate::audit::{Grid, Outcome, Run, RunStatus, Said, Slot};
use crate::error::{Error, Problem};
use crate::job::Job;
use crate::source::Loaded;
use crate::when;

/// Everything that was audited, for counting and listing.
pub(super) struct Rows<'a> {
    loaded: &'a Loaded,
    gateways: &'a [Gateway],
    audited: &'a [Vec<Vec<Slot>>],
    args: &'a AuditArgs,
}

impl<'a> Rows<'a> {
    pub(super) fn new(
        args: &'a AuditArgs,
        loaded: &'a Loaded,
        gateways: &'a [Gateway],
        audited: &'a [Vec<Vec<Slot>>],
    ) -> Self {
        Self {
            loaded,
            gateways,
            audited,
            args,
        }
    }

    /// The jobs that are asked for: gateway, place among its subjects, job, slots.
    fn jobs(&self) -> impl Iterator<Item = (&'a Gateway, usize, &'a Job, &'a [Slot])> + '_ {
        let gateways = self.gateways.iter().zip(self.audited);
        gateways.flat_map(move |(gateway, audited)| {
            let jobs = gateway.jobs.iter().zip(audited).enumerate();
            jobs.filter_map(move |(n, (job, slots))| {
                let job = &self.loaded.jobs[*job];
                let asked = &self.args.job;
                let shown = asked.is_empty() || asked.iter().any(|asked| job.answers_to(asked));
                shown.then_some((gateway, n, job, &**slots))
            })
        })
    }

    /// Hands out a row for every slot that is shown. With `fold`, slots of a job that have no run for the
    /// same reason, one after the other, are one row.
    pub(super) fn each(
        &self,
        fold: bool,
        emit: &mut dyn FnMut(SlotRow) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (gateway, n, job, slots) in self.jobs() {
            let (zone, name) = match &gateway.subjects[n].grid {
                Grid::Cron { zone, .. } => (zone.time_zone().clone(), zone.name().to_owned()),
                _ => (TimeZone::UTC, "UTC".to_owned()),
            };
            let said = Said {
                subjects: &gateway.subjects,
                of: n,
                zone: &zone,
            };
            let tag = &self.loaded.sources[gateway.source].tag;
            let mut last: Option<(&Slot, SlotRow)> = None;
            for slot in slots {
                if !self.args.all && !is_finding(slot) {
                    continue;
                }
                let is_alike = |last: &Slot| {
                    let runs = (last.run, slot.run);
                    runs == (None, None) && last.reason == slot.reason
                };
                let alike = last.as_mut().filter(|(last, _)| is_alike(last));
                let why = match alike {
                    Some((before, row)) if fold && before.outcome == slot.outcome => {
                        row.alike += 1;
                        row.last_shown_at = when::readable(slot.at_ms, &zone);
                        row.confidence = row.confidence.max(slot.confidence);
                        continue;
                    }
                    // It is the same text again.
                    Some((_, row)) => (row.why.clone(), row.shared.clone()),
                    None => (
                        slot.reason.text(said, slot.run, slot.last),
                        slot.reason.shared(said),
                    ),
                };
                let row = row(slot, job, tag, &name, said, why);
                if let Some((_, row)) = last.replace((slot, row)) {
                    emit(row)?;
                }
            }
            if let Some((_, row)) = last {
                emit(row)?;
            }
        }
        Ok(())
    }

    /// Everything but the rows.
    pub(super) fn report(
        &self,
        args: &AuditArgs,
        loaded: &Loaded,
        period: &Period,
        problems: Vec<Problem>,
    ) -> AuditReport {
        let mut summary = Summary {
            jobs: 0,
            jobs_without_slots: 0,
            counts: Counts::default(),
            worst_late_job: None,
            failed: false,
        };
        let mut jobs = Vec::new();
        for (gateway, n, job, slots) in self.jobs() {
            if slots.is_empty() {
                summary.jobs_without_slots += 1;
                continue;
            }
            let runs = &gateway.subjects[n].runs;
            let counts = count(slots, runs);
            if counts.worst_late_ms > summary.counts.worst_late_ms {
                summary.worst_late_job = Some(job.name.as_ref().unwrap_or(&job.id).to_string());
            }
            summary.jobs += 1;
            summary.counts.add(&counts);
            summary.failed |= slots.iter().any(|slot| fails(slot, runs, &args.fail_on));
            jobs.push(JobCounts {
                source: loaded.sources[gateway.source].tag.clone(),
                job: job.id.to_string(),
                name: job.name.clone().map(String::from),
                counts,
            });
        }
        let histories: Vec<_> = self
            .gateways
            .iter()
            .map(|g| history(g, loaded, period))
            .collect();
        let warnings = histories.iter().filter_map(warning).collect();
        AuditReport {
            inputs: Inputs {
                sources: loaded.sources.clone(),
                histories,
                since_at: when::utc(period.since_ms),
                since_at_ms: period.since_ms,
                until_at: when::utc(period.until_ms),
                until_at_ms: period.until_ms,
                late_after_ms: period.late_after_ms,
                jobs: args.job.clone(),
                all: args.all,
                fail_on: args.fail_on.iter().map(|f| f.word()).collect(),
            },
            summary,
            jobs,
            slots: Vec::new(),
            warnings,
            problems,
        }
    }
}

fn history(gateway: &Gateway, loaded: &Loaded, period: &Period) -> HistoryUse {
    let removed = gateway.subjects.iter().skip(gateway.jobs.len());
    let asked = period.since_ms..period.until_ms;
    let runs = removed.flat_map(|subject| &subject.runs);
    HistoryUse {
        source: loaded.sources[gateway.source].tag.clone(),
        read: gateway.read.clone(),
        marks_runs_by_hand: gateway.asked.marks_by_hand,
        runs_at_once: gateway.asked.at_once,
        runs_of_removed_jobs: runs
            .filter(|run| asked.contains(&run.started_at_ms))
            .count(),
    }
}

fn warning(history: &HistoryUse) -> Option<String> {
    let runs = history.runs_of_removed_jobs;
    let source = &history.source;
    (runs > 0).then(|| {
        format!(
            "{source}: {runs} runs are of jobs that are no longer in the store, or cannot be read there: what slots those had is not known"
        )
    })
}

fn failed(run: &Run) -> bool {
    matches!(run.status, RunStatus::Error | RunStatus::Interrupted)
}

fn count(slots: &[Slot], runs: &[Run]) -> Counts {
    let mut counts = Counts {
        slots: slots.len(),
        ..Counts::default()
    };
    for slot in slots {
        *counts.of_mut(slot.outcome) += 1;
        counts.run_errors += usize::from(slot.last.is_some_and(|run| failed(&runs[run])));
        // What still waits has no lateness yet.
        let late_ms = slot.run.and(slot.late_ms);
        counts.worst_late_ms = counts.worst_late_ms.max(late_ms);
    }
    counts
}

fn fails(slot: &Slot, runs: &[Run], fail_on: &[FailOn]) -> bool {
    fail_on.iter().any(|fail_on| match fail_on.outcome() {
        Some(outcome) => slot.outcome == outcome && is_finding(slot),
        None => slot.last.is_some_and(|run| failed(&runs[run])),
    })
}

/// `why` is the reason in words, and what of it is said once for several jobs.
fn row(
    slot: &Slot,
    job: &Job,
    source: &str,
    zone: &str,
    said: Said<'_>,
    (why, shared): (String, Option<String>),
) -> SlotRow {
    let runs = &said.subjects[said.of].runs;
    let first = slot.run.map(|run| &runs[run]);
    let last = slot.last.map(|run| &runs[run]);
    let started = first.map(|run| run.started_at_ms);
    let ended = last.and_then(|run| run.ended_at_ms);
    let mut evidence: Vec<String> = first.iter().map(|run| run.evidence.to_string()).collect();
    if slot.run != slot.last {
        evidence.extend(last.map(|run| run.evidence.to_string()));
    }
    SlotRow {
        source: source.to_owned(),
        job: job.id.to_string(),
        name: job.name.clone().map(String::from),
        slot_at: when::utc(slot.at_ms),
        slot_at_ms: slot.at_ms,
        slot_local: when::local(slot.at_ms, said.zone),
        zone: zone.to_owned(),
        outcome: slot.outcome,
        reason: slot.reason.word().to_owned(),
        why,
        confidence: slot.confidence,
        late_ms: slot.late_ms,
        run_started_at: started.map(when::utc),
        run_started_at_ms: started,
        run_ended_at: ended.map(when::utc),
        run_ended_at_ms: ended,
        run_status: last.map(|run| run.status),
        run_error_class: last.and_then(|run| run.error_class.as_deref().map(str::to_owned)),
        run_error: last.and_then(|run| run.error.as_deref().map(str::to_owned)),
        attempts: slot.attempts,
        evidence,
        shown_at: when::readable(slot.at_ms, said.zone),
        last_shown_at: when::readable(slot.at_ms, said.zone),
        alike: 1,
        shared,
    }
}

/// Returns the outcomes that were found, with their numbers, in words.
pub(super) fn in_words(counts: &Counts) -> String {
    let found = Outcome::ALL.into_iter().filter(|o| counts.of(*o) > 0);
    let words: Vec<String> = found
        .map(|outcome| format!("{} {}", counts.of(outcome), outcome.word()))
        .collect();
    words.join(", ")
}
