//! The enumeration against the simple one: each job by itself, all at once.

use proptest::prelude::*;

use super::*;
use crate::plan::{PlanJob, Recurrence};

/// Fires at these instants.
#[derive(Debug)]
struct Instants(std::collections::BTreeSet<i64>);

impl Recurrence for Instants {
    fn each(&self, from: i64, until: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        self.0.range(from..until.max(from)).copied().for_each(emit);
        Ok(())
    }
}

const DAY: i64 = 86_400_000;
const FROM: i64 = 20 * DAY;

prop_compose! {
    fn instants()(
        unit in prop_oneof![Just(1i64), Just(1000), Just(60_000)],
        each in proptest::collection::btree_set(0..400i64, 0..40),
        days in 0..3i64,
    ) -> Instants {
        Instants(each.iter().map(|n| FROM - days * DAY + (n - 100) * unit).collect())
    }
}

proptest! {
    #[test]
    fn stretches_hold_every_occurrence_of_the_horizon_once_and_in_order(
        recurrences in proptest::collection::vec(instants(), 1..5),
        jobs in proptest::collection::vec(
            (0..5usize, prop_oneof![5 => Just(0), 1 => 0..300_000i64, 1 => 0..3 * DAY]),
            1..60,
        ),
        span_ms in 1000..100_000i64,
        lengths in proptest::collection::vec(1..9_000_000i64, 1..5),
    ) {
        let jobs: Vec<PlanJob<'_>> = jobs
            .iter()
            .map(|&(recurrence, native_offset_ms)| PlanJob {
                id: "",
                source: 0,
                recurrence: u32_of(recurrence % recurrences.len()),
                native_offset_ms,
                group: 0,
                run_ms: 1,
                shown: true,
            })
            .collect();
        let recurrences: Vec<&dyn Recurrence> =
            recurrences.iter().map(|r| r as &dyn Recurrence).collect();
        let until = FROM + 20_000_000;
        let mut expected = Vec::new();
        let own = |rank: usize, from: i64, until: i64| {
            let (job, mut out) = (&jobs[rank], Vec::new());
            let offset = job.native_offset_ms;
            let emit = &mut |t| out.push(t + offset);
            recurrences[job.recurrence as usize].each(from - offset, until - offset, emit).unwrap();
            out
        };
        for rank in 0..jobs.len() {
            let rank_at = |t| (t, u32_of(rank));
            expected.extend(own(rank, FROM, until).into_iter().map(rank_at));
        }
        expected.sort_unstable();

        let timeline = Timeline::new(&recurrences, jobs.iter(), |job| job.native_offset_ms);
        let mut cutter = Cutter::new(&timeline, FROM, until, span_ms);
        let (mut found, mut at) = (Vec::new(), FROM);
        for length in lengths.iter().cycle() {
            if at == until {
                break;
            }
            let end = (at + length).min(cutter.cover(at));
            let stretch = cutter.stretch(at, end);
            for (t, ranks) in stretch.starts.iter() {
                prop_assert!((at..end).contains(&t));
                for rank in ranks {
                    found.push((t, *rank));
                    for reach in [2, 5_000, 700_000] {
                        let next = own(*rank as usize, t + 1, t + reach).first().copied();
                        prop_assert_eq!(stretch.span.next_own(&timeline, *rank, t, t + reach), next);
                        prop_assert!(next.is_none() || !stretch.span.is_clear(t, t + reach));
                    }
                }
            }
            at = end;
        }
        prop_assert_eq!(found, expected);
    }
}
