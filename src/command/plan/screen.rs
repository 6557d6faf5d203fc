//! The plan on one screen: header, peaks, histogram of the biggest burst, bursts, findings.

use std::io;

use super::report::{
    BurstRow, FireRow, FiresReport, GroupPeaks, Inputs, ModelBasis, PlanReport, RunLengthUse,
    SourceDispatch, Summary,
};
use crate::error::Problem;
use crate::report::{Bar, Cell, Column, Report, Screen};
use crate::source::rules_name;
use crate::ui::Role;
use crate::when;

/// How many bursts the overview shows, the largest; all of them with `--summary`.
pub(super) const BURSTS_SHOWN: usize = 8;

impl Report for PlanReport {
    type Row = BurstRow;
    const SCHEMA: &'static str = "cronctl.plan/1";
    const EMPTY: &'static str = "No bursts: no two jobs are due at the same tick.";

    fn rows(&mut self) -> &mut Vec<BurstRow> {
        &mut self.bursts
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[BurstRow], screen: &mut Screen<'_>) -> io::Result<()> {
        if !self.overview {
            return screen.rows(rows, none(&self.summary));
        }
        header(&self.summary, screen)?;
        peaks(&self.summary, screen)?;
        histogram(&self.summary, rows, screen)?;
        bursts(self, rows, screen)?;
        findings(&self.summary, screen)
    }
}

impl Report for FiresReport {
    type Row = FireRow;
    const SCHEMA: &'static str = "cronctl.plan.fires/1";
    const EMPTY: &'static str = "Nothing fires in this horizon.";

    fn rows(&mut self) -> &mut Vec<FireRow> {
        &mut self.fires
    }

    fn screen(&self, rows: &[FireRow], screen: &mut Screen<'_>) -> io::Result<()> {
        const EXPENDABLE: [&str; 9] = [
            "stagger_reason",
            "on_tick",
            "agent",
            "workspace",
            "run_ms",
            "provider",
            "stagger_ms",
            "model_declared",
            "job",
        ];
        // A job is told by its id or by its name.
        let named = rows.iter().all(|row| row.name.is_some());
        let expendable = &EXPENDABLE[..EXPENDABLE.len() - usize::from(!named)];
        screen.rows_that_fit(rows, Self::EMPTY, expendable, None)
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn header(summary: &Summary, screen: &mut Screen<'_>) -> io::Result<()> {
    let (inputs, jobs) = (&summary.inputs, &summary.jobs);
    let length = inputs.until_at_ms - inputs.from_at_ms;
    screen.heading(&format!(
        "{} jobs, {} starts, {} burst{} in {} from {}",
        jobs.planned,
        summary.occurrences,
        summary.burst_count,
        if summary.burst_count == 1 { "" } else { "s" },
        when::duration(length),
        when::readable(inputs.from_at_ms, &jiff::tz::TimeZone::UTC),
    ))?;
    for source in &inputs.sources {
        screen.paragraph(&format!(
            "source {}: {}, rules of {} ({})",
            source.tag,
            source.shape,
            rules_name(source.rules),
            source.rules_origin
        ))?;
    }
    for line in basis(summary) {
        screen.paragraph(&line)?;
    }
    Ok(())
}

/// What the plan rests on besides its sources: jobs left out, jitter, run lengths, models.
pub(super) fn basis(summary: &Summary) -> Vec<String> {
    let (inputs, jobs) = (&summary.inputs, &summary.jobs);
    let mut lines = Vec::new();
    let left: Vec<String> = [
        (jobs.disabled, "disabled"),
        (jobs.without_clock, "fired by no clock"),
        (jobs.refused, "refused"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    if !left.is_empty() {
        lines.push(format!("left out: {}", left.join(", ")));
    }
    lines.push(format!(
        "jitter: {}; before is what the source does today, after is this plan",
        jitter(inputs)
    ));
    lines.push(run_lengths(&summary.run_lengths));
    lines.push(format!(
        "models: {}; time zone data {}",
        models(inputs),
        inputs.tzdata
    ));
    lines
}

/// Which run lengths are used, and where they come from.
pub(super) fn run_lengths(used: &[RunLengthUse]) -> String {
    let runs: Vec<String> = used.iter().map(run_length).collect();
    let said = if runs.is_empty() {
        "none".to_owned()
    } else {
        runs.join("; ")
    };
    format!("run lengths: {said}")
}

fn run_length(used: &RunLengthUse) -> String {
    let (shortest, longest) = (used.shortest_ms, used.longest_ms);
    let lengths = if shortest == longest {
        when::duration(shortest)
    } else {
        format!(
            "{} to {}",
            when::duration(shortest),
            when::duration(longest)
        )
    };
    let jobs = if used.jobs == 1 { "job" } else { "jobs" };
    format!("{lengths} ({}, {} {jobs})", used.origin.word(), used.jobs)
}

/// The strategy with what it is given: `spread over 5 s`.
pub(super) fn jitter(inputs: &Inputs) -> String {
    match (inputs.window_ms, inputs.gap_min_ms, inputs.gap_max_ms) {
        (Some(window), ..) => format!("{} over {}", inputs.jitter, when::duration(window)),
        (_, Some(min), Some(max)) => format!(
            "{} of {} to {}, seed {}",
            inputs.jitter,
            when::duration(min),
            when::duration(max),
            inputs.seed
        ),
        _ => inputs.jitter.clone(),
    }
}

/// Whose word counts for the models.
fn models(inputs: &Inputs) -> String {
    let mut versions: Vec<&str> = inputs
        .model_versions
        .iter()
        .flatten()
        .map(|v| &**v)
        .collect();
    versions.dedup();
    let unknown = inputs.model_versions.iter().any(Option::is_none);
    match (inputs.model, versions.is_empty(), unknown) {
        (ModelBasis::Declared, false, _) => {
            "as each job declares them, not as the gateway resolves them".to_owned()
        }
        (_, true, _) => {
            "as each job declares them: no gateway's configuration is known that would \
                         resolve them (--config FILE)"
                .to_owned()
        }
        (_, false, false) => format!("as {} resolves them", versions.join(" and ")),
        (_, false, true) => format!(
            "as {} resolves them; as declared where no configuration is known",
            versions.join(" and ")
        ),
    }
}

fn peaks(summary: &Summary, screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 7] = [
        Column::new("group", "PEAKS"),
        Column::new("jobs", "JOBS").right(),
        Column::new("starts_before", "STARTS/S").right(),
        Column::new("starts_after", "AFTER").right(),
        Column::new("concurrent_before", "AT ONCE").right(),
        Column::new("concurrent_after", "AFTER").right(),
        Column::new("at", "AT (UTC)"),
    ];
    screen.blank()?;
    let after = |before: u32, after: u32| {
        Cell::of(after).role(if after < before {
            Role::Good
        } else {
            Role::Plain
        })
    };
    let row = |p: &GroupPeaks| {
        vec![
            Cell::from(p.group.as_deref().unwrap_or("total")).role(if p.group.is_none() {
                Role::Strong
            } else {
                Role::Plain
            }),
            Cell::of(p.jobs),
            Cell::of(p.before.starts_per_second),
            after(p.before.starts_per_second, p.after.starts_per_second),
            Cell::of(p.before.concurrent),
            after(p.before.concurrent, p.after.concurrent),
            Cell::from(p.before.concurrent_at_ms.map(when::utc)),
        ]
    };
    let rows: Vec<_> = summary.peaks.iter().map(row).collect();
    if let Some(declared) = &summary.peaks_declared {
        let rows: Vec<_> = declared.iter().map(row).collect();
        screen.line(&[Cell::with(Role::Strong, "As the jobs declare their models")])?;
        screen.table(&COLUMNS, &rows)?;
        screen.blank()?;
        screen.line(&[Cell::with(Role::Strong, "As the gateway resolves them")])?;
    }
    screen.table(&COLUMNS, &rows)?;
    for dispatch in &summary.dispatch {
        screen.paragraph(&slots(dispatch))?;
    }
    Ok(())
}

/// What a source's slots make of the plan.
pub(super) fn slots(dispatch: &SourceDispatch) -> String {
    format!(
        "{}: {} ({}): at most {} run at once before and {} after, the longest wait for a slot is {} and {}",
        dispatch.source,
        dispatch.rule,
        dispatch.origin,
        dispatch.before.peak.concurrent,
        dispatch.after.peak.concurrent,
        when::duration(dispatch.before.longest_wait_ms),
        when::duration(dispatch.after.longest_wait_ms),
    )
}

fn histogram(summary: &Summary, rows: &[BurstRow], screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(histogram) = &summary.histogram else {
        return Ok(());
    };
    // Shown in the zone of the biggest burst's jobs.
    let biggest = rows
        .iter()
        .max_by_key(|r| (r.jobs, std::cmp::Reverse(r.at_ms)));
    let tz = biggest.map_or(jiff::tz::TimeZone::UTC, |r| r.tz.clone());
    let jobs = biggest.map_or(0, |r| r.jobs);
    let at = biggest.map_or(histogram.from_at_ms, |r| r.at_ms);
    screen.heading(&format!(
        "Biggest burst: {jobs} jobs at {}, starts per {}",
        when::readable(at, &tz),
        when::duration(histogram.bin_ms)
    ))?;
    let bars: Vec<Bar> = (0..)
        .zip(histogram.before.iter().zip(&histogram.after))
        .map(|(bin, (before, after))| Bar {
            label: when::time_of_day(histogram.from_at_ms + bin * histogram.bin_ms, &tz),
            before: *before,
            after: *after,
        })
        .collect();
    screen.bars(&bars)
}

fn bursts(report: &PlanReport, rows: &[BurstRow], screen: &mut Screen<'_>) -> io::Result<()> {
    screen.heading("Bursts")?;
    let expendable = ["longest_run_ms", "span_ms"];
    screen.rows_that_fit(
        rows,
        none(&report.summary),
        &expendable,
        Some(("groups", 20)),
    )?;
    if report.smaller == 0 {
        return Ok(());
    }
    screen.paragraph(&format!(
        "and {} smaller or later: cronctl plan --summary",
        report.smaller
    ))
}

/// Why there is no burst to show.
fn none(summary: &Summary) -> &'static str {
    if summary.burst_count == 0 {
        PlanReport::EMPTY
    } else {
        "No burst of the jobs that are asked for (--job): none is due at a tick with another job."
    }
}

fn findings(summary: &Summary, screen: &mut Screen<'_>) -> io::Result<()> {
    if summary.findings.is_empty() {
        return Ok(());
    }
    screen.heading("Findings")?;
    for finding in &summary.findings {
        let mark = if finding.warning { "! " } else { "- " };
        screen.paragraph(&format!("{mark}{}", finding.text))?;
    }
    Ok(())
}
