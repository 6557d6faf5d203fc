//! What stands beside a picture of the plan: what it rests on, and its numbers.

use jiff::tz::TimeZone;

use super::super::report::{GroupPeaks, Summary};
use super::super::screen;
use super::{Scene, Shown};
use crate::report::chart::Numbers;
use crate::source::SourceInfo;
use crate::when;

/// Rows of a table at most.
const TABLE_ROWS: usize = 200;

/// What the picture rests on.
pub(super) fn notes(scene: &Scene<'_>, shown: &Shown<'_>) -> Vec<String> {
    let summary = scene.summary;
    let mut notes = vec![
        "A step shows the most within its time, never an average. All rows but the total, \
         summed others and those with slots share one scale per column. A peak is that of the time \
         above its column. Runs at once are without any cap where no slots are named; \
         runs that began before the horizon are not counted."
            .to_owned(),
    ];
    if shown.others > 0 {
        let by = &summary.inputs.group_by;
        notes.push(format!(
            "grouped by {by}: the {} with most runs at once before have a row, {} others are summed",
            shown.rows.len() - 1,
            shown.others
        ));
    }
    notes.extend(sources(summary));
    notes.extend(screen::basis(summary));
    notes.push(format!(
        "seed {}; a burst is {} jobs or more on one tick",
        summary.inputs.seed, summary.inputs.burst
    ));
    notes.extend(summary.dispatch.iter().map(screen::slots));
    let warnings = summary.findings.iter().filter(|f| f.warning);
    notes.extend(warnings.map(|f| format!("! {}", f.text)));
    if scene.skipped > 0 {
        notes.push(format!(
            "! {} rows were skipped and are not in it",
            scene.skipped
        ));
    }
    notes
}

/// The sources, their rules, and how sure these are.
pub(in super::super) fn sources(summary: &Summary) -> Vec<String> {
    let sources = summary.inputs.sources.iter();
    sources.map(SourceInfo::said).collect()
}

/// The numbers, for the page.
pub(super) fn tables(summary: &Summary, tz: &TimeZone) -> Vec<Numbers> {
    let mut tables = vec![peaks("Peaks", &summary.peaks, tz)];
    if let Some(declared) = &summary.peaks_declared {
        tables.push(peaks(
            "Peaks, as the jobs declare their models",
            declared,
            tz,
        ));
    }
    if let Some(histogram) = &summary.histogram {
        let bins = (0..).zip(histogram.before.iter().zip(&histogram.after));
        let row = |(bin, (before, after)): (i64, (&u64, &u64))| {
            let at = histogram.from_at_ms + bin * histogram.bin_ms;
            vec![
                when::readable(at, tz),
                before.to_string(),
                after.to_string(),
            ]
        };
        let length = when::duration(histogram.bin_ms);
        tables.push(Numbers {
            caption: format!("Biggest burst, starts per {length}"),
            columns: columns(&[("From", false), ("Before", true), ("After", true)]),
            rows: bins.map(row).collect(),
        });
    }
    tables
}

fn peaks(caption: &str, peaks: &[GroupPeaks], tz: &TimeZone) -> Numbers {
    let at = |ms: Option<i64>| ms.map_or_else(String::new, |ms| when::readable(ms, tz));
    let row = |p: &GroupPeaks| {
        vec![
            p.group.clone().unwrap_or_else(|| "total".to_owned()),
            p.jobs.to_string(),
            p.before.starts_per_second.to_string(),
            p.after.starts_per_second.to_string(),
            at(p.before.starts_at_ms),
            p.before.concurrent.to_string(),
            p.after.concurrent.to_string(),
            at(p.before.concurrent_at_ms),
        ]
    };
    let caption = match peaks.len().checked_sub(TABLE_ROWS) {
        Some(more @ 1..) => format!("{caption}; {more} smaller are left out"),
        _ => caption.to_owned(),
    };
    Numbers {
        caption,
        columns: columns(&[
            ("Group", false),
            ("Jobs", true),
            ("Starts/s before", true),
            ("After", true),
            ("Busiest second before", false),
            ("At once before", true),
            ("After", true),
            ("First so many before", false),
        ]),
        rows: peaks.iter().take(TABLE_ROWS).map(row).collect(),
    }
}

fn columns(titles: &[(&str, bool)]) -> Vec<(String, bool)> {
    titles
        .iter()
        .map(|(title, number)| ((*title).to_owned(), *number))
        .collect()
}
