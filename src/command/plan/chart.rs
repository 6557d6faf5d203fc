//! The plan as a picture: each group over the horizon, and the biggest burst close up. Pure.

mod words;

pub(super) use self::words::sources;

use jiff::tz::TimeZone;

use super::gather::{self, Gathered};
use super::report::{GroupPeaks, Summary};
use super::screen;
use crate::plan::{self, Burst, Dispatch, Input, Outcome, PlanJob, Trace, Traced, Window};
use crate::report::chart::{BINS, Figure, Grid, GridRow, Panel, Picture, ROWS, Series, TimeAxis};
use crate::when;

/// A queue is shown for so many times as long as the burst lasts without one.
const QUEUE: i64 = 4;

/// What a picture is drawn from.
pub(super) struct Scene<'a> {
    pub(super) summary: &'a Summary,
    pub(super) gathered: &'a Gathered<'a>,
    pub(super) input: &'a Input<'a>,
    pub(super) outcome: &'a Outcome,
    /// How many rows were skipped, and said on stderr.
    pub(super) skipped: usize,
}

/// Draws the plan. It is made once more, to trace what the picture shows.
pub(super) fn picture(scene: &Scene<'_>) -> Picture {
    let Scene {
        summary, outcome, ..
    } = scene;
    let (zone, tz) = zone(scene.gathered, outcome);
    let shown = Shown::of(scene);
    let windows = windows(scene);
    let traced = plan::trace(&shown.input, &windows.all());
    let grid = |title: String, columns: [(&str, Window); 2], rows| {
        let axis = |(what, window): (&str, Window)| TimeAxis {
            what: what.to_owned(),
            from_ms: window.from_ms,
            bin_ms: window.bin_ms,
            until_ms: if window == windows.horizon {
                windows.until_ms
            } else {
                window.until_ms()
            },
        };
        Figure::Grid(Grid {
            title,
            series: series(summary),
            tz: tz.clone(),
            zone: zone.clone(),
            columns: columns.map(axis).to_vec(),
            rows,
        })
    };
    let (starts, at_once) = ("starts per second", "runs at once");
    let mut figures = Vec::new();
    if windows.shows_horizon() {
        let columns = [(starts, windows.horizon), (at_once, windows.horizon)];
        let rows = rows(&shown, &traced, [0, 0]);
        figures.push(grid("The whole horizon".to_owned(), columns, rows));
    }
    let mut notes = words::notes(scene, &shown);
    if let (Some(burst), Some((of_starts, of_runs))) = (&outcome.totals.biggest, windows.burst) {
        let columns = [(starts, of_starts), (at_once, of_runs)];
        let jobs = burst.members.len();
        let at = when::readable(burst.at_ms, &tz);
        figures.push(grid(
            format!("All jobs around the biggest burst, {jobs} jobs at {at}"),
            columns,
            rows(&shown, &traced, [1, 2]),
        ));
        let slots = slots(scene, &traced, &mut notes);
        if !slots.is_empty() {
            // Slots put starts off: they are looked at for as long as the runs.
            let columns = [(starts, of_runs), (at_once, of_runs)];
            figures.push(grid(
                format!("The same with slots, {jobs} jobs at {at}"),
                columns,
                slots,
            ));
        }
    }
    let total = &summary.peaks[0];
    Picture {
        title: title(summary),
        summary: format!(
            "From {} to {}. In the busiest second {} start before and {} after; at most {} run at \
             once before and {} after.",
            when::readable(summary.inputs.from_at_ms, &tz),
            when::readable(summary.inputs.until_at_ms, &tz),
            total.before.starts_per_second,
            total.after.starts_per_second,
            total.before.concurrent,
            total.after.concurrent,
        ),
        figures,
        notes,
        tables: words::tables(summary, &tz),
    }
}

/// What is planned, in short.
pub(super) fn title(summary: &Summary) -> String {
    let inputs = &summary.inputs;
    let counted = |n: u64, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    format!(
        "Plan: {}, {}, {} in {}",
        counted(summary.jobs.planned as u64, "job"),
        counted(summary.occurrences, "start"),
        counted(summary.burst_count, "burst"),
        when::duration(inputs.until_at_ms - inputs.from_at_ms),
    )
}

/// The zone of time axes and its name: the one that all jobs of the biggest burst name, else the one
/// that all jobs name, else UTC.
pub(super) fn zone(gathered: &Gathered<'_>, outcome: &Outcome) -> (String, TimeZone) {
    let traits = gather::traits(&gathered.planned);
    let burst = outcome.totals.biggest.as_ref();
    let all = || traits.iter().map(|(zone, _)| *zone);
    let one = match burst {
        Some(burst) => the_one(burst.members.iter().map(|job| traits[*job].0)),
        None => the_one(all()),
    };
    one.and_then(|zone| gathered.zones.get(zone as usize).cloned())
        .filter(|(name, _)| name != "Etc/UTC")
        .unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC))
}

fn the_one(mut zones: impl Iterator<Item = u32>) -> Option<u32> {
    let first = zones.next()?;
    zones.all(|zone| zone == first).then_some(first)
}

fn series(summary: &Summary) -> Vec<Series> {
    let after = format!("this plan, {}", screen::jitter(&summary.inputs));
    [("before", "what the source does today"), ("after", &after)]
        .map(|(name, says)| Series {
            name: name.to_owned(),
            says: says.to_owned(),
        })
        .to_vec()
}

/// The groups that have a row of their own, and the plan with all others as one.
struct Shown<'a> {
    input: Input<'a>,
    /// By group of `input`: its label and how many jobs it has.
    rows: Vec<(String, usize)>,
    total: usize,
    /// How many groups are in the last row instead of one of their own.
    others: usize,
}

impl<'a> Shown<'a> {
    fn of(scene: &Scene<'a>) -> Self {
        let Input {
            jobs,
            recurrences,
            groups,
            dispatch,
            horizon,
            options,
        } = scene.input;
        let peaks = &scene.summary.peaks[1..];
        // One more is better shown than called others.
        let own = if peaks.len() <= ROWS + 1 {
            peaks
        } else {
            &peaks[..ROWS]
        };
        let place = |label: &String| own.iter().position(|p| p.group.as_ref() == Some(label));
        let places: Vec<usize> = groups
            .iter()
            .map(|g| place(g).unwrap_or(own.len()))
            .collect();
        let moved = |job: &PlanJob<'a>| PlanJob {
            group: u32::try_from(places[job.group as usize]).unwrap_or(u32::MAX),
            ..job.clone()
        };
        let label = |p: &GroupPeaks| (p.group.clone().unwrap_or_default(), p.jobs);
        let mut rows: Vec<(String, usize)> = own.iter().map(label).collect();
        let others = peaks.len() - own.len();
        if others > 0 {
            let jobs = peaks[own.len()..].iter().map(|p| p.jobs).sum();
            rows.push((format!("{others} others, summed"), jobs));
        }
        let input = Input {
            jobs: jobs.iter().map(moved).collect(),
            recurrences: recurrences.clone(),
            // One more for groups without a start.
            groups: vec![String::new(); own.len() + 1],
            dispatch: dispatch.clone(),
            horizon: *horizon,
            options: *options,
        };
        Self {
            input,
            rows,
            total: scene.summary.jobs.planned,
            others,
        }
    }
}

/// What is looked at.
struct Windows {
    horizon: Window,
    /// Where the horizon ends, or what is placed after it, epoch milliseconds.
    until_ms: i64,
    /// The biggest burst: its starts, and its runs to their end.
    burst: Option<(Window, Window)>,
}

impl Windows {
    fn all(&self) -> Vec<Window> {
        let burst = self
            .burst
            .into_iter()
            .flat_map(|(starts, runs)| [starts, runs]);
        std::iter::once(self.horizon).chain(burst).collect()
    }

    /// Not where the close-up shows all of it.
    fn shows_horizon(&self) -> bool {
        self.burst.is_none_or(|(starts, _)| {
            self.horizon.from_ms < starts.from_ms || self.horizon.until_ms() > starts.until_ms()
        })
    }
}

fn windows(scene: &Scene<'_>) -> Windows {
    let (horizon, outcome) = (scene.input.horizon, scene.outcome);
    // What is placed after the horizon belongs to it.
    let last = outcome
        .last_second_ms
        .map_or(i64::MIN, |second| second + 1000);
    let until_ms = horizon.until_ms.max(last);
    let burst = outcome.totals.biggest.as_ref().map(|burst| {
        let (native, planned) = &outcome.totals.biggest_starts;
        let edges = native.iter().chain(planned).copied();
        let first = edges.clone().fold(burst.at_ms, i64::min);
        let last = edges.fold(burst.at_ms, i64::max);
        // A little before and after, to see it rise and fall.
        let margin = ((last - first) / 20).max(1000);
        let from_ms = first - margin;
        let starts = Window::covering(from_ms, last + 1000 + margin, 1000, BINS);
        let alone = last - first + burst.longest_run_ms;
        let queued = queue(scene, burst).min(alone.saturating_mul(QUEUE));
        let until_ms = first
            .saturating_add(alone.max(queued))
            .saturating_add(margin);
        let unit = if until_ms - from_ms > BINS * 1000 {
            1000
        } else {
            100
        };
        (
            starts,
            Window::covering(starts.from_ms, until_ms, unit, BINS),
        )
    });
    Windows {
        horizon: Window::covering(horizon.from_ms, until_ms, 1000, BINS),
        until_ms,
        burst,
    }
}

/// How long the runs of a burst take at most with the slots of their sources, milliseconds.
fn queue(scene: &Scene<'_>, burst: &Burst) -> i64 {
    let mut work = vec![0i64; scene.input.dispatch.len()];
    for job in &burst.members {
        let job = &scene.input.jobs[*job];
        let work = &mut work[job.source as usize];
        *work = work.saturating_add(job.run_ms);
    }
    let lasts = |(rule, work): (&Dispatch, i64)| match limit(rule) {
        Some(slots) => work / i64::from(slots.max(1)) + burst.longest_run_ms,
        None => 0,
    };
    let rules = scene.input.dispatch.iter();
    rules.zip(work).map(lasts).max().unwrap_or(0)
}

fn limit(rule: &Dispatch) -> Option<u32> {
    match rule {
        Dispatch::Unlimited => None,
        Dispatch::Pool { slots } | Dispatch::Batch { slots } => Some(*slots),
        Dispatch::Molecule(rules) => u32::try_from(rules.slots).ok(),
    }
}

/// The total and the groups, each column over the window of that index.
fn rows(shown: &Shown<'_>, traced: &Traced, [starts, runs]: [usize; 2]) -> Vec<GridRow> {
    let jobs = |n: usize| format!("{n} job{}", if n == 1 { "" } else { "s" });
    let row = |label: &str, of: usize, apart, trace: &dyn Fn(&plan::Traces) -> Trace| {
        let at = |index: usize| [&traced.before[index], &traced.after[index]].map(trace);
        GridRow {
            label: label.to_owned(),
            detail: jobs(of),
            apart,
            panels: panels(at(starts), at(runs), None),
        }
    };
    let total = row("total", shown.total, true, &|t| t.total.clone());
    let groups = shown.rows.iter().enumerate();
    let own = shown.rows.len() - usize::from(shown.others > 0);
    let groups = groups.map(|(group, (label, of))| {
        row(label, *of, group >= own, &|t: &plan::Traces| {
            t.groups[group].clone()
        })
    });
    std::iter::once(total).chain(groups).collect()
}

fn panels(starts: [Trace; 2], runs: [Trace; 2], limit: Option<(u32, String)>) -> Vec<Panel> {
    vec![
        Panel {
            lines: starts.map(|t| t.starts_per_second).to_vec(),
            limit: None,
        },
        Panel {
            lines: runs.map(|t| t.concurrent).to_vec(),
            limit,
        },
    ]
}

/// What the slots of each source make of the biggest burst.
fn slots(scene: &Scene<'_>, traced: &Traced, notes: &mut Vec<String>) -> Vec<GridRow> {
    let sources = &scene.summary.inputs.sources;
    let mut limited: Vec<_> = scene
        .summary
        .dispatch
        .iter()
        .filter_map(|dispatch| {
            let index = sources.iter().position(|s| s.tag == dispatch.source)?;
            Some((index, limit(&scene.input.dispatch[index])?, dispatch))
        })
        .collect();
    if limited.len() > ROWS {
        limited.sort_by_key(|(_, _, d)| std::cmp::Reverse(d.before.peak.concurrent));
        let left: Vec<&str> = limited[ROWS..].iter().map(|(_, _, d)| &*d.source).collect();
        notes.push(format!("slots not drawn: {}", left.join(", ")));
        limited.truncate(ROWS);
    }
    limited
        .into_iter()
        .map(|(index, slots, dispatch)| {
            let at = |window: usize| {
                [&traced.dispatch_before, &traced.dispatch_after]
                    .map(|traces| traces[index][window].clone())
            };
            let name = format!("{slots} slot{}", if slots == 1 { "" } else { "s" });
            GridRow {
                label: format!("{} with its slots", dispatch.source),
                detail: dispatch.rule.clone(),
                apart: true,
                panels: panels(at(2), at(2), Some((slots, name))),
            }
        })
        .collect()
}
