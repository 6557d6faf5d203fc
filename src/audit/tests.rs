//! Worked cases: slots, runs, and what comes of them.
//!
//! All on one day. A run is `start +length status >planned`, as a gateway records it: when it began,
//! how long it took, how it ended, and when the gateway meant to start the job next.

mod by_hand;
mod causes;
mod changes;
mod clock;
mod edges;
mod every;
mod outcomes;

use std::sync::Arc;

use super::{
    Asked, Evidence, Facts, Grid, History, Part, Run, RunStatus, Said, Slot, Subject, audit,
};
use crate::schedule::{JobFacts, Rules, ScheduleSpec, Timetable, Version, Zone};
use crate::when::{parse_duration, parse_instant, time_of_day};
use crate::zones::Zones;

pub(super) const SPRING: Version = Version::new(2026, 3, 31);
pub(super) const AUTUMN: Version = Version::new(2026, 9, 6);

/// An instant of the day on which all this happens, or a whole one.
pub(super) fn at(text: &str) -> i64 {
    let whole = if text.contains('T') {
        text.to_owned()
    } else {
        format!("2026-06-01T{text}Z")
    };
    parse_instant(&whole, 0, |_| None).unwrap()
}

pub(super) fn run(text: &str) -> Run {
    let mut words = text.split(' ');
    let started_at_ms = at(words.next().unwrap());
    let mut run = Run {
        started_at_ms,
        ended_at_ms: None,
        status: RunStatus::Running,
        by_hand: false,
        is_unmarked: false,
        next_run_at_ms: None,
        error: None,
        error_class: None,
        evidence: Evidence {
            at: Arc::from("a.jsonl"),
            part: Part::Line(1),
        },
    };
    for word in words {
        match word {
            "ok" => run.status = RunStatus::Ok,
            "error" => run.status = RunStatus::Error,
            "skipped" => run.status = RunStatus::Skipped,
            "interrupted" => run.status = RunStatus::Interrupted,
            "unknown" => run.status = RunStatus::Unknown,
            "running" => run.status = RunStatus::Running,
            "hand" => run.by_hand = true,
            _ if word.starts_with('+') => {
                run.ended_at_ms = Some(started_at_ms + parse_duration(&word[1..]).unwrap());
            }
            _ if word.starts_with('>') => run.next_run_at_ms = Some(at(&word[1..])),
            _ => panic!("{word}"),
        }
    }
    run
}

pub(super) fn grid(version: Version, spec: &ScheduleSpec, created_at_ms: Option<i64>) -> Grid {
    let facts = JobFacts {
        id: "a",
        created_at_ms,
        ..JobFacts::default()
    };
    let zones = Zones::built_in();
    let table = Timetable::compile(Rules::OpenClaw(version), spec, &facts, &zones).unwrap();
    match spec {
        ScheduleSpec::Cron { .. } => Grid::Cron {
            zone: table.cron().unwrap().zone().clone(),
            timetable: table,
            stagger_ms: 0,
        },
        ScheduleSpec::Every { .. } => Grid::Every(table),
        _ => Grid::At(table.next(0).unwrap().unwrap()),
    }
}

pub(super) fn cron(expr: &str, tz: &str) -> ScheduleSpec {
    ScheduleSpec::Cron {
        expr: expr.into(),
        tz: Some(tz.into()),
        stagger_ms: Some(0.into()),
    }
}

pub(super) fn every(text: &str) -> ScheduleSpec {
    ScheduleSpec::Every {
        every_ms: Some(parse_duration(text).unwrap().into()),
        anchor_ms: None,
    }
}

pub(super) fn subject(name: &str, grid: Grid, runs: &[&str]) -> Subject {
    Subject {
        name: name.to_owned(),
        grid,
        facts: Facts {
            enabled: true,
            created_at_ms: Some(at("00:00")),
            ..Facts::default()
        },
        runs: runs.iter().map(|text| run(text)).collect(),
        history: History::Whole,
        damage: Vec::new(),
    }
}

/// From 09:30 to 13:30, as of 13:30, by a version.
pub(super) fn asked(version: Version) -> Asked {
    let is_new = version == AUTUMN;
    Asked {
        since_ms: at("09:30"),
        until_ms: at("13:30"),
        now_ms: at("13:30"),
        late_after_ms: 5_000,
        at_once: Some(if is_new { 8 } else { 1 }),
        in_batches: !is_new,
        marks_by_hand: is_new,
        is_off: false,
    }
}

pub(super) fn hourly(version: Version, runs: &[&str]) -> Subject {
    let grid = grid(version, &cron("0 * * * *", "UTC"), None);
    subject("hourly", grid, runs)
}

/// `10:00 ok in-time, …`: what came of the slots of the first subject.
fn said(subjects: &[Subject], asked: &Asked) -> String {
    let audited = audit(subjects, asked).swap_remove(0).unwrap();
    let one = |slot: &Slot| {
        let at = time_of_day(slot.at_ms, Zone::utc().time_zone());
        format!(
            "{} {} {}",
            &at[..5],
            slot.outcome.word(),
            slot.reason.word()
        )
    };
    audited.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Why the first subject's slot at an instant is what it is, in words.
fn why(subjects: &[Subject], asked: &Asked, slot_at: &str) -> String {
    let audited = audit(subjects, asked).swap_remove(0).unwrap();
    let slot = audited.iter().find(|s| s.at_ms == at(slot_at)).unwrap();
    let utc = Zone::utc();
    let said = Said {
        subjects,
        of: 0,
        zone: utc.time_zone(),
    };
    slot.reason.text(said, slot.run, slot.last)
}

/// Slots of the first subject by the minute from `since` to `until`.
fn between(version: Version, since: &str, until: &str) -> Asked {
    Asked {
        since_ms: at(since),
        until_ms: at(until),
        now_ms: at(until),
        ..asked(version)
    }
}
