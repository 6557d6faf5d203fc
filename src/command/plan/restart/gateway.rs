//! One gateway's restart: from what is recorded to rows.

use rustc_hash::FxHashMap;

use super::configured::configured;
use super::report::{GatewayRestart, Outcome, RestartRow};
use super::row::{blank, missed, why};
use super::stand::{Stand, stands};
use crate::catchup::{CatchUp, Kind, Lane, Missing, Standing, Then, Wave, wave};
use crate::command::plan::gather::{Gathered, Planned};
use crate::command::plan::given::Given;
use crate::command::plan::slots;
use crate::error::{Error, Exit};
use crate::openclaw::Confidence;
use crate::plan::Dispatch;
use crate::schedule::{Rules, ScheduleSpec, Version};
use crate::when;

/// What is asked, epoch milliseconds.
#[expect(
    clippy::struct_field_names,
    reason = "each is an instant and says its unit"
)]
pub(in crate::command::plan) struct Restart {
    pub(in crate::command::plan) at_ms: i64,
    pub(in crate::command::plan) down_since_ms: Option<i64>,
    pub(in crate::command::plan) until_ms: i64,
}

/// One gateway's restart.
pub(super) struct Played {
    pub(super) gateway: GatewayRestart,
    pub(super) rows: Vec<RestartRow>,
    /// The jobs that are caught up.
    pub(super) runs: Vec<Run>,
    /// The keys that its version refuses, or may refuse, as sentences.
    pub(super) refused: Vec<(Confidence, String)>,
    pub(super) cron_off: bool,
    /// Whether it calls models for isolated agent turns one at a time ([`slots::has_one_lane`]).
    pub(super) one_lane: bool,
}

/// One job that is caught up.
pub(super) struct Run {
    pub(super) group: u32,
    /// The last slot that it missed, epoch milliseconds.
    pub(super) slot_ms: i64,
    /// Its start, epoch milliseconds; `None` when it finds no slot.
    pub(super) start_ms: Option<i64>,
    pub(super) length_ms: i64,
}

/// Plays the restart of the gateway of one source.
///
/// # Errors
/// When its jobs have no state and nothing says since when it is down.
pub(super) fn play(
    index: usize,
    restart: &Restart,
    given: &Given,
    gathered: &Gathered<'_>,
    (dispatch, slots_origin): &(Dispatch, String),
) -> Result<Played, Error> {
    let source = &given.loaded.sources[index];
    let Rules::OpenClaw(version) = source.rules else {
        return Err(Error::failed(format!(
            "{}: the rules of no OpenClaw version hold for it",
            source.tag
        )));
    };
    let (skip, refused) = configured(given, index, version);
    let stopped = refused.iter().any(|(c, _, _)| *c != Confidence::Assumed);
    let cron_off = source.cron_enabled == Some(false);
    let rules = CatchUp::of(version, skip == Some(true));
    let stands = if stopped || cron_off {
        Vec::new()
    } else {
        stands(rules, restart, given, gathered, (index, source))?
    };
    let lanes: Vec<Lane<'_>> = stands
        .iter()
        .map(|s| Lane {
            table: &s.table,
            run_ms: s.planned.run_ms,
            then: s.then,
        })
        .collect();
    let wave = wave(rules, dispatch, &lanes, restart.at_ms, restart.until_ms);
    let blocked = if stopped {
        let keys: Vec<&str> = refused.iter().map(|(_, key, _)| key.as_str()).collect();
        Some((
            Outcome::GatewayDoesNotStart,
            format!("the gateway does not start: it refuses {}", keys.join(", ")),
        ))
    } else if cron_off {
        Some((Outcome::CronOff, "cron.enabled is false".to_owned()))
    } else {
        None
    };
    let (rows, runs) = rows(
        restart,
        given,
        rules,
        index,
        &stands,
        &wave,
        blocked.as_ref(),
    );
    let gateway = GatewayRestart {
        source: source.tag.clone(),
        version: version.to_string(),
        version_origin: source.rules_origin.clone(),
        version_confidence: source.rules_confidence,
        starts: !stopped,
        refused_keys: refused.iter().map(|(_, key, _)| key.clone()).collect(),
        rule: rules.rule(),
        rule_confidence: rules.confidence,
        skip_missed_jobs: skip,
        slots_rule: dispatch.rule(),
        slots_origin: slots_origin.clone(),
        missed_jobs: rows.iter().filter(|r| r.missed > 0).count(),
        missed_slots: rows.iter().map(|r| r.missed).sum(),
        immediate: rows.iter().filter(|r| r.immediate == Some(true)).count(),
        deferred: rows.iter().filter(|r| r.immediate == Some(false)).count(),
        immediate_ended_at_ms: wave.ended_ms,
        last_start_at_ms: runs.iter().filter_map(|r| r.start_ms).max(),
        last_end_at_ms: runs
            .iter()
            .filter_map(|r| Some(r.start_ms? + r.length_ms))
            .max(),
        longest_wait_ms: rows.iter().filter_map(|r| r.wait_ms).max().unwrap_or(0),
        regular_starts: wave
            .starts
            .iter()
            .filter(|s| s.kind == Kind::Regular)
            .count(),
        passed_over: wave.passed_over.len(),
    };
    let refused = refused.into_iter().map(|(sure, _, said)| (sure, said));
    Ok(Played {
        gateway,
        rows,
        runs,
        refused: refused.collect(),
        cron_off,
        one_lane: slots::has_one_lane(source),
    })
}

/// What a gateway makes up when it starts, for whoever plays what follows.
pub(in crate::command::plan) struct MadeUp {
    pub(in crate::command::plan) rules: CatchUp,
    /// Planned jobs that run at once, one after the other.
    pub(in crate::command::plan) first: Vec<usize>,
    /// Planned jobs that are due so long after the end of these, milliseconds.
    pub(in crate::command::plan) then: Vec<(usize, i64)>,
    /// Planned jobs that are due by themselves at the end of an error backoff, and when.
    pub(in crate::command::plan) resume: Vec<(usize, i64)>,
    /// Jobs whose missed slots are dropped (`cron.skipMissedJobs`).
    pub(in crate::command::plan) dropped: usize,
}

/// What the gateway of one source makes up.
///
/// # Errors
/// As [`play`]; and when the gateway would not start at all ([`Exit::Findings`], as where the restart
/// is shown alone), or its scheduler would not.
pub(in crate::command::plan) fn made_up(
    index: usize,
    version: Version,
    restart: &Restart,
    given: &Given,
    gathered: &Gathered<'_>,
) -> Result<MadeUp, Error> {
    let source = &given.loaded.sources[index];
    let (skip, refused) = configured(given, index, version);
    let none = |why: String| {
        let said = format!("{}: nothing starts that could be rehearsed", source.tag);
        Err(Error::failed(said).because(why))
    };
    if let Some((_, _, why)) = refused
        .into_iter()
        .find(|(c, ..)| *c != Confidence::Assumed)
    {
        return none(why).map_err(|error| Error {
            exit: Exit::Findings,
            ..error
        });
    }
    if source.cron_enabled == Some(false) {
        return none("cron.enabled is false: nothing is caught up, and nothing fires".to_owned());
    }
    let rules = CatchUp::of(version, skip == Some(true));
    let stands = stands(rules, restart, given, gathered, (index, source))?;
    let places: FxHashMap<usize, usize> =
        gathered.planned.iter().map(Planned::at).zip(0..).collect();
    let (mut missing, mut resume, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for (job, stand) in stands
        .iter()
        .filter_map(|s| Some((*places.get(&s.planned.at())?, s)))
    {
        let one_shot = matches!(stand.planned.job.schedule, ScheduleSpec::At { .. });
        match (stand.then, stand.standing) {
            // Without lengths, instants say what comes after the end of the first ones.
            (
                Then::CaughtUp {
                    next_run_at_ms,
                    waits,
                },
                _,
            ) => missing.push(Missing {
                job,
                next_run_at_ms,
                waits,
                run_ms: 0,
            }),
            (Then::Due(at_ms), Standing::BacksOff { .. }) => resume.push((job, at_ms)),
            (Then::Anew(_), _) if one_shot => again.push((job, Dispatch::REARM_MS)),
            _ => {}
        }
    }
    let (dues, ended_ms) = rules.due(&missing, restart.at_ms);
    let (first, then): (Vec<_>, Vec<_>) = dues.into_iter().partition(|due| due.immediate);
    let then = then.into_iter().map(|due| (due.job, due.due_ms - ended_ms));
    Ok(MadeUp {
        rules,
        first: first.into_iter().map(|due| due.job).collect(),
        then: then.chain(again).collect(),
        resume,
        dropped: stands
            .iter()
            .filter(|s| matches!(s.standing, Standing::Dropped(_)))
            .count(),
    })
}

fn rows(
    restart: &Restart,
    given: &Given,
    rules: CatchUp,
    index: usize,
    stands: &[Stand<'_>],
    wave: &Wave,
    blocked: Option<&(Outcome, String)>,
) -> (Vec<RestartRow>, Vec<Run>) {
    let mut by_job = stands.iter().enumerate().peekable();
    let mut starts = vec![None; stands.len()];
    let mut next_ms = wave.next_ms.clone();
    // In their order: what is due next is the first regular start of the wave, if there is one.
    for start in wave.starts.iter().rev() {
        if start.kind == Kind::Regular {
            next_ms[start.lane] = Some(start.due_ms);
        } else {
            starts[start.lane] = Some(*start);
        }
    }
    let (mut rows, mut runs) = (Vec::new(), Vec::new());
    for (at, job) in given.loaded.jobs.iter().enumerate() {
        if job.source != index {
            continue;
        }
        let mut row = blank(given, at, job, restart);
        let stand = by_job.next_if(|(_, s)| s.planned.at() == at);
        if let Some((lane, stand)) = stand {
            row.outcome = stand.standing.into();
            row.why = why(rules, job, stand.standing, restart);
            row.run_ms = Some(stand.planned.run_ms);
            row.run_length_origin = Some(stand.planned.run_origin);
            row.next_at_ms = next_ms[lane];
            if let Standing::Missed(slots) | Standing::Dropped(slots) = stand.standing {
                missed(&mut row, slots);
            }
            if let Standing::Missed(slots) = stand.standing {
                let start = starts[lane];
                let waiting = wave.waiting.binary_search_by_key(&lane, |d| d.job);
                let waiting = waiting.ok().map(|at| wave.waiting[at]);
                let due_ms = start.map(|s| s.due_ms).or(waiting.map(|d| d.due_ms));
                row.immediate = Some(start.is_some_and(|s| s.kind == Kind::Immediate));
                row.due_at_ms = due_ms;
                row.start_at_ms = start.map(|s| s.start_ms);
                row.wait_ms = start.map(|s| s.start_ms - s.due_ms);
                row.late_ms = start.map(|s| s.start_ms - slots.last_ms);
                runs.push(Run {
                    group: stand.planned.group,
                    slot_ms: slots.last_ms,
                    start_ms: row.start_at_ms,
                    length_ms: stand.planned.run_ms,
                });
            }
        } else if let Some((outcome, why)) = blocked.filter(|_| job.enabled) {
            row.outcome = *outcome;
            row.why.clone_from(why);
        }
        row.due_at = row.due_at_ms.map(when::utc);
        row.start_at = row.start_at_ms.map(when::utc);
        row.next_at = row.next_at_ms.map(when::utc);
        rows.push(row);
    }
    (rows, runs)
}
