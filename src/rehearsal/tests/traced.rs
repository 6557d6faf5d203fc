//! What a picture shows is what the figures say.

use super::*;
use crate::plan::Window;

fn traced(world: &World, due: &[(usize, i64)], windows: &[Window]) -> Vec<Traces> {
    let setting = world.setting();
    given(Simulation::new(&setting).tracing(windows), due).traces()
}

fn window(from_ms: i64, bin_ms: i64, bins: usize) -> Window {
    Window {
        from_ms,
        bin_ms,
        bins,
    }
}

#[test]
fn bins_sum_to_the_calls_and_their_most_is_the_peak() {
    for (era, lane) in [(MARCH, None), (MARCH, Some(1)), (Era::September, None)] {
        let mut world = World::of(24, era).failing(Kind::Overloaded, Some(span(0, MINUTE)));
        world.chains = vec![vec![0, 1]];
        world.capacity[1] = Some(4);
        world.source.lane = lane;
        let due: Vec<_> = (0..24).zip([0, 700, 1400].into_iter().cycle()).collect();
        let figures = world.play(&due);
        for bin_ms in [1000, 7000, 3_600_000] {
            let bins = usize::try_from(24 * 3_600_000 / bin_ms).unwrap();
            let traces = traced(&world, &due, &[window(-bin_ms, bin_ms, bins)]);
            let all = traces[0].providers.iter().zip(&figures.providers);
            for (trace, figures) in all {
                let calls: u64 = trace.calls.iter().map(|n| u64::from(*n)).sum();
                let most = |bins: &[u32]| u64::from(bins.iter().copied().max().unwrap());
                assert_eq!(calls, figures.calls);
                assert_eq!(most(&trace.per_second), figures.peak_per_second);
                assert_eq!(most(&trace.at_once), figures.peak_at_once);
            }
            let total: u32 = traces[0].total.calls.iter().sum();
            assert_eq!(u64::from(total), figures.calls);
        }
    }
}

#[test]
fn calls_are_at_once_in_every_bin_that_they_last_into_and_no_other() {
    // One healthy minute from 1.5 s on.
    let world = World::of(1, MARCH);
    let windows = [window(0, 1000, 70), window(10_000, 1000, 3)];
    let traces = traced(&world, &[(0, 1500)], &windows);
    let at_once = &traces[0].providers[0].at_once;
    let held: Vec<usize> = (0..70).filter(|bin| at_once[*bin] == 1).collect();
    assert_eq!(held, (1..=61).collect::<Vec<_>>());
    // It ends with a bin: the next one has none.
    let traces = traced(&world, &[(0, 1000)], &windows);
    assert_eq!(traces[0].total.at_once[60..62], [1, 0]);
    // A window in which no call begins still sees it.
    assert_eq!(traces[1].total.at_once, [1, 1, 1]);
    assert_eq!(traces[1].total.calls, [0, 0, 0]);
}
