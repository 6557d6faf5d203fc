//! The rehearsal as a picture: the calls of each provider over time, in all four ways. Pure.

mod words;

use super::report::{RehearsalReport, Scenario};
use super::stage::Stage;
use super::window::Zone;
use crate::plan::Window;
use crate::rehearsal::{Trace, Traces};
use crate::report::chart::{Figure, Grid, GridRow, Panel, Picture, ROWS, Series, TimeAxis};
use crate::when;

/// Four lines in one panel hide each other: what both changes come to has a figure of its own.
const BOTH: [Scenario; 2] = [Scenario::AsIs, Scenario::Both];
const ALONE: [Scenario; 3] = [Scenario::AsIs, Scenario::Jitter, Scenario::Honoured];

/// What a picture is drawn from.
pub(super) struct Scene<'a> {
    pub(super) report: &'a RehearsalReport,
    pub(super) stage: &'a Stage<'a>,
    /// That of its time axes.
    pub(super) zone: &'a Zone,
    /// The horizon and all calls.
    pub(super) whole: Window,
    /// From the faults to the last failed call; `None` without calls.
    pub(super) close_up: Option<Window>,
}

/// Draws the rehearsal. It is played once more, to trace what the picture shows.
pub(super) fn picture(scene: &Scene<'_>) -> Picture {
    let report = scene.report;
    let windows: Vec<Window> = std::iter::once(scene.whole).chain(scene.close_up).collect();
    let traced = scene
        .stage
        .each(|stage, scenario| stage.traces(scenario, &windows));
    let lines: Vec<&[Traces]> = traced.iter().map(|(_, traces)| &traces[..]).collect();
    let shown = Shown::of(scene, &lines);
    let grid = |title: &str, at: usize, ways: &[Scenario]| {
        let axis = |what: &str| TimeAxis {
            what: what.to_owned(),
            from_ms: windows[at].from_ms,
            bin_ms: windows[at].bin_ms,
            until_ms: windows[at].until_ms(),
        };
        Figure::Grid(Grid {
            title: title.to_owned(),
            series: series(report, ways),
            tz: scene.zone.tz.clone(),
            zone: scene.zone.name.clone(),
            columns: vec![axis("calls per second"), axis("calls at once")],
            rows: rows(
                scene,
                &shown,
                &ways
                    .iter()
                    .map(|way| &lines[*way as usize][at])
                    .collect::<Vec<_>>(),
            ),
        })
    };
    let mut figures = Vec::new();
    if scene.shows_whole() {
        figures.push(grid("The whole rehearsal", 0, &BOTH));
    }
    if scene.close_up.is_some() {
        let failed = report.scenarios.iter().any(|r| r.figures.failed_calls > 0);
        let until = if failed {
            "until the last failed call"
        } else {
            "no call fails"
        };
        figures.push(grid(&format!("Close up: {until}"), 1, &BOTH));
        figures.push(grid(&format!("Each change alone: {until}"), 1, &ALONE));
    }
    Picture {
        title: words::title(report),
        summary: words::summary(report, &scene.zone.tz),
        figures,
        notes: words::notes(scene, &shown),
        tables: words::tables(scene, &shown, &lines),
    }
}

impl Scene<'_> {
    /// Not where the close-up shows all of it.
    fn shows_whole(&self) -> bool {
        let whole = self.whole;
        self.close_up.is_none_or(|close| {
            whole.from_ms < close.from_ms || whole.until_ms() > close.until_ms()
        })
    }
}

fn series(report: &RehearsalReport, ways: &[Scenario]) -> Vec<Series> {
    let inputs = &report.inputs;
    let window = inputs.window_ms.map(when::duration);
    let over = window.map_or_else(String::new, |w| format!(" over {w}"));
    let jitter = format!("starts moved ({}{over})", inputs.jitter);
    let both = format!("{jitter} and declared models called");
    let series = |way: &Scenario| {
        let says = match way {
            Scenario::AsIs => "what the source does today",
            Scenario::Jitter => &jitter,
            Scenario::Honoured => "declared models called",
            Scenario::Both => &both,
        };
        Series {
            name: way.said().to_owned(),
            says: says.to_owned(),
        }
    };
    ways.iter().map(series).collect()
}

/// The providers that have a row.
struct Shown {
    /// Their places in the cast, most calls first.
    providers: Vec<usize>,
    /// The others that somebody calls, by name.
    left_out: Vec<String>,
}

impl Shown {
    fn of(scene: &Scene<'_>, lines: &[&[Traces]]) -> Self {
        let names = &scene.stage.cast.providers;
        let calls = |at: usize| {
            let of = |traces: &&[Traces]| sum(&traces[0].providers[at].calls);
            lines.iter().map(of).max().unwrap_or(0)
        };
        let mut called: Vec<(u64, usize)> = (0..names.len())
            .map(|at| (calls(at), at))
            .filter(|(calls, _)| *calls > 0)
            .collect();
        called.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| names[a.1].cmp(&names[b.1])));
        let mut providers: Vec<usize> = called.into_iter().map(|(_, at)| at).collect();
        let left_out = providers.split_off(providers.len().min(ROWS));
        Self {
            providers,
            left_out: left_out.into_iter().map(|at| names[at].clone()).collect(),
        }
    }
}

fn sum(bins: &[u32]) -> u64 {
    bins.iter().copied().map(u64::from).sum()
}

/// The total and the providers, with a line for each of `ways`.
fn rows(scene: &Scene<'_>, shown: &Shown, ways: &[&Traces]) -> Vec<GridRow> {
    let panels = |of: &dyn Fn(&Traces) -> &Trace, limit: Option<u32>| {
        let traces: Vec<&Trace> = ways.iter().map(|traces| of(traces)).collect();
        vec![
            Panel {
                lines: traces.iter().map(|t| t.per_second.clone()).collect(),
                limit: None,
            },
            Panel {
                lines: traces.iter().map(|t| t.at_once.clone()).collect(),
                limit: limit.map(|n| (n, format!("serves {n}"))),
            },
        ]
    };
    let total = GridRow {
        label: "total".to_owned(),
        detail: "calls of all providers".to_owned(),
        apart: true,
        panels: panels(&|traces| &traces.total, None),
    };
    let row = |at: &usize| GridRow {
        label: scene.stage.cast.providers[*at].clone(),
        detail: words::troubles(scene, *at),
        apart: false,
        panels: panels(
            &|traces| &traces.providers[*at],
            scene.stage.faults.capacity[*at],
        ),
    };
    std::iter::once(total)
        .chain(shown.providers.iter().map(row))
        .collect()
}
