//! What holds of any runs.

use proptest::prelude::*;

use super::tests::{AUTUMN, SPRING, asked, at, cron, grid, subject};
use super::{Asked, Grid, Run, RunStatus, Slot, Subject, audit};
use crate::schedule::{ScheduleSpec, Version};

/// Runs of one day, in any order of luck: starts, lengths, endings, plans.
fn runs() -> impl Strategy<Value = Vec<Run>> {
    let status = prop::sample::select(vec![
        RunStatus::Ok,
        RunStatus::Error,
        RunStatus::Skipped,
        RunStatus::Running,
        RunStatus::Interrupted,
    ]);
    let minute = 60_000_i64;
    let one = (
        0..14 * 60 * minute,
        prop::option::of(0..90 * minute),
        status,
        any::<bool>(),
        prop::option::of(0..120 * minute),
    );
    prop::collection::vec(one, 0..30).prop_map(|all| {
        let mut runs: Vec<Run> = all
            .into_iter()
            .map(|(start, length, status, by_hand, planned)| {
                let mut run = super::tests::run("00:00 ok");
                run.started_at_ms += start;
                run.ended_at_ms = length.map(|ms| run.started_at_ms + ms);
                run.status = status;
                run.by_hand = by_hand;
                run.next_run_at_ms = planned.map(|ms| run.started_at_ms + ms);
                run
            })
            .collect();
        runs.sort_by_key(|run| run.started_at_ms);
        runs
    })
}

fn specs() -> impl Strategy<Value = ScheduleSpec> {
    let every = ScheduleSpec::Every {
        every_ms: Some(420_000.into()),
        anchor_ms: None,
    };
    let at = ScheduleSpec::At {
        at: "2026-06-01T11:00:00Z".to_owned(),
    };
    prop::sample::select(vec![
        cron("*/7 * * * *", "UTC"),
        cron("0 * * * *", "America/New_York"),
        every,
        at,
    ])
}

fn job(version: Version, spec: &ScheduleSpec, runs: Vec<Run>) -> Subject {
    let mut one = subject("a", grid(version, spec, Some(at("00:00"))), &[]);
    one.runs = runs;
    one
}

fn of(one: Subject, asked: &Asked) -> Vec<Slot> {
    audit(&[one], asked).swap_remove(0).unwrap()
}

proptest! {
    #[test]
    fn every_expected_slot_gets_exactly_one_outcome(
        spec in specs(),
        runs in runs(),
        is_new in any::<bool>(),
    ) {
        let version = if is_new { AUTUMN } else { SPRING };
        let asked = asked(version);
        let one = job(version, &spec, runs);
        let expected = match &one.grid {
            Grid::Cron { timetable, .. } => {
                let mut slots = Vec::new();
                timetable.each(asked.since_ms, asked.until_ms, &mut |at| slots.push(at)).unwrap();
                Some(slots)
            }
            Grid::At(at) => Some(vec![*at]),
            _ => None,
        };
        let slots = of(one.clone(), &asked);
        let at: Vec<_> = slots.iter().map(|slot| slot.at_ms).collect();
        prop_assert!(at.is_sorted());
        if let Some(expected) = expected {
            prop_assert_eq!(&at, &expected);
        }
        // No run serves two slots, none serves a slot a second before it is due, and none by hand any.
        let mut served: Vec<_> = slots.iter().filter_map(|slot| slot.run).collect();
        served.sort_unstable();
        let all = served.len();
        served.dedup();
        prop_assert_eq!(served.len(), all);
        for slot in slots.iter().filter(|slot| slot.run.is_some()) {
            let run = &one.runs[slot.run.unwrap()];
            prop_assert!(slot.at_ms - run.started_at_ms < 1_000 && !run.by_hand);
            prop_assert!(slot.attempts >= 1);
        }
    }

    #[test]
    fn a_run_by_hand_never_changes_what_became_of_a_slot(
        spec in specs(),
        runs in runs(),
        is_new in any::<bool>(),
        start in 0..14 * 3_600_000_i64,
        length in 0..7_200_000_i64,
    ) {
        let version = if is_new { AUTUMN } else { SPRING };
        let asked = asked(version);
        let outcomes = |runs| -> Vec<_> {
            let slots = of(job(version, &spec, runs), &asked);
            slots.iter().map(|slot| (slot.at_ms, slot.outcome)).collect()
        };
        let before = outcomes(runs.clone());
        let mut more = runs;
        let mut by_hand = super::tests::run("00:00 ok hand");
        by_hand.started_at_ms += start;
        by_hand.ended_at_ms = Some(by_hand.started_at_ms + length);
        more.push(by_hand);
        more.sort_by_key(|run| run.started_at_ms);
        prop_assert_eq!(before, outcomes(more));
    }
}
