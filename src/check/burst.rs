//! What starts together in the next 24 hours, with the source's own stagger.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::Options;
use super::finding::{Findings, Place};
use super::rules::burst as rules;
use super::schedule::{TableKind, Tables};
use crate::openclaw::Confidence;
use crate::plan::{self, Burst, Dispatch, Horizon, Input, Jitter, PlanJob, Recurrence, Sink};
use crate::schedule::{Cron, Timetable, Version};
use crate::when;

const DAY_MS: i64 = 86_400_000;
/// The run length that is assumed when nothing says better, as in a plan.
const ASSUMED_RUN_MS: i64 = 60_000;
/// How many jobs of a burst are named.
const NAMED: usize = 3;
/// The first version whose cron runs share a fixed pool of slots.
const POOLED: Version = Version::new(2026, 8, 1);
/// Its slots.
const POOL: u32 = 8;

enum Nominal<'a> {
    Cron(&'a Cron),
    Other(&'a Timetable),
}

impl Recurrence for Nominal<'_> {
    fn each(&self, from_ms: i64, until_ms: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        match self {
            Self::Cron(cron) => cron.each(from_ms, until_ms, emit),
            Self::Other(table) => table.each(from_ms, until_ms, emit),
        }
        .map_err(|hang| hang.to_string())
    }
}

/// The bursts, by who is in them: when the first is, and how many there are.
#[derive(Default)]
struct Bursts(BTreeMap<Vec<usize>, (i64, usize)>);

impl Sink for Bursts {
    fn burst(&mut self, burst: Burst) -> ControlFlow<()> {
        let mut members = burst.members;
        members.sort_unstable();
        let known = self.0.entry(members).or_insert((burst.at_ms, 0));
        known.1 += 1;
        ControlFlow::Continue(())
    }
}

/// Looks for bursts and queues.
pub(super) fn check(findings: &mut Findings<'_>, tables: &Tables<'_>, options: Options) {
    if tables.jobs.is_empty() {
        return;
    }
    let mut recurrences: Vec<Nominal<'_>> = tables.crons.iter().map(Nominal::Cron).collect();
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut jobs = Vec::with_capacity(tables.jobs.len());
    for table in &tables.jobs {
        let (recurrence, native_offset_ms) = match &table.kind {
            TableKind::Cron(cron, stagger) => (*cron, stagger.offset_ms),
            TableKind::Other(other) => {
                recurrences.push(Nominal::Other(other));
                (recurrences.len() - 1, 0)
            }
        };
        jobs.push(PlanJob {
            id: &table.job.id,
            source: small(table.job.source),
            recurrence: small(recurrence),
            native_offset_ms,
            group: 0,
            run_ms: table
                .job
                .run_length
                .as_ref()
                .map_or(ASSUMED_RUN_MS, |run| run.ms.max(1)),
            shown: true,
        });
    }
    let from_ms = findings.facts.now_ms;
    let input = Input {
        jobs,
        recurrences: recurrences.iter().map(|r| r as &dyn Recurrence).collect(),
        groups: vec![String::new()],
        dispatch: dispatch(findings),
        horizon: Horizon {
            from_ms,
            until_ms: from_ms.saturating_add(DAY_MS),
        },
        options: plan::Options {
            jitter: Jitter::Native,
            seed: 0,
            burst: options.max_burst.saturating_add(1),
            restagger: false,
        },
    };
    let mut bursts = Bursts::default();
    let outcome = plan::plan(&input, &mut bursts);
    let mut bursts: Vec<_> = bursts.0.into_iter().collect();
    bursts.sort_by_key(|(_, (first, _))| *first);
    for (members, (first, times)) in &bursts {
        burst(findings, tables, members, *first, *times, options.max_burst);
    }
    for (source, report) in outcome.dispatch_before.iter().enumerate() {
        queue(findings, tables, source, report.longest_wait_ms);
    }
}

fn dispatch(findings: &Findings<'_>) -> Vec<Dispatch> {
    let of = |source: &super::SourceFacts<'_>| match source.version() {
        Some(version) if version < POOLED => Dispatch::Batch {
            slots: source.max_concurrent_runs.unwrap_or(1).max(1),
        },
        Some(_) => Dispatch::Pool { slots: POOL },
        None => Dispatch::Unlimited,
    };
    findings.facts.sources.iter().map(of).collect()
}

fn burst(
    findings: &mut Findings<'_>,
    tables: &Tables<'_>,
    members: &[usize],
    first_ms: i64,
    times: usize,
    most: usize,
) {
    let jobs: Vec<_> = members.iter().map(|m| tables.jobs[*m].job).collect();
    let Some(first) = jobs.first() else { return };
    let named: Vec<&str> = jobs
        .iter()
        .take(NAMED)
        .map(|job| job.name.as_deref().unwrap_or(&job.id))
        .collect();
    let again = match times {
        1 => String::new(),
        _ => format!(", and {} more times within 24 h", times - 1),
    };
    let message = format!(
        "{} jobs start together at {}{again}, more than {most}: {} and {} more",
        jobs.len(),
        when::utc(first_ms),
        named.join(", "),
        jobs.len() - named.len(),
    );
    let mut ids: Vec<&str> = jobs.iter().map(|job| &*job.id).collect();
    ids.sort_unstable();
    let mut tags: Vec<&str> = jobs.iter().map(|j| findings.source_of(j).tag).collect();
    tags.sort_unstable();
    tags.dedup();
    let source = findings.source_of(first);
    // Who is in it, and not when: the same jobs at another hour are the same decision.
    let identity = format!("jobs:{}", ids.join("\0"));
    let place = Place::file(source.store);
    let finding = findings.source(rules::BURST, source, &identity, place, message);
    finding.source = tags.join(",");
    let tick = when::utc(first_ms);
    finding.fix(format!(
        "cronctl plan --tick {tick} shows where jitter puts them"
    ));
}

fn queue(findings: &mut Findings<'_>, tables: &Tables<'_>, source: usize, wait_ms: i64) {
    if wait_ms <= 0 {
        return;
    }
    let facts = &findings.facts.sources[source];
    let Some(version) = facts.version() else {
        return;
    };
    let slots = if version < POOLED {
        facts.max_concurrent_runs.unwrap_or(1).max(1)
    } else {
        POOL
    };
    let assumed = tables
        .jobs
        .iter()
        .filter(|t| t.job.source == source && t.job.run_length.is_none())
        .count();
    let rests = match assumed {
        0 => "by recorded run lengths".to_owned(),
        1 => "1 run length is assumed to be 60 s".to_owned(),
        n => format!("{n} run lengths are assumed to be 60 s"),
    };
    let message = format!(
        "jobs that come due together wait for one of {slots} slot{}: up to {} within 24 h ({rests})",
        if slots == 1 { "" } else { "s" },
        when::duration(wait_ms),
    );
    let place = Place::file(facts.store);
    let finding = findings.source(rules::QUEUE, facts, "source", place, message);
    finding.sure(if assumed == 0 {
        Confidence::Likely
    } else {
        Confidence::Assumed
    });
}
