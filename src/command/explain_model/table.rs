//! What a person sees of many jobs: one row each, the counts, and what says which version it is.

use std::io;

use rustc_hash::FxHashMap;

use super::report::{ExplainReport, JobRow, LogUse, VersionUse, agent, effective, role};
use super::screen::{Paths, source};
use crate::model::{
    Alternative, DriftVerdict, FailureClass, Mechanism, RuledOut, Source, Sureness, Verdict,
};
use crate::report::{Cell, Column, Screen};
use crate::source::Confidence;
use crate::ui::Role;

/// What other eras say, in one cell.
pub(super) fn alternatives(all: &[Alternative]) -> String {
    let say = |a: &Alternative| {
        let what = match (&a.effective, a.failure) {
            (Some(model), _) => model.to_string(),
            (None, Some(class)) => format!("fails: {}", class.word()),
            (None, None) => "no model".to_owned(),
        };
        format!("{what} ({})", a.release)
    };
    all.iter().map(say).collect::<Vec<_>>().join(", ")
}

/// The last run against the answer.
pub(super) fn drift(verdict: DriftVerdict) -> Cell {
    let role = match verdict {
        DriftVerdict::Consistent | DriftVerdict::DisplayOnly => Role::Good,
        DriftVerdict::NoRun => Role::Dim,
        _ => Role::Warn,
    };
    Cell::with(role, verdict.word())
}

/// Many jobs: one row each, then the counts.
pub(super) fn many(
    report: &ExplainReport,
    rows: &[JobRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    if rows.is_empty() {
        return screen.paragraph("No jobs.");
    }
    jobs(rows, screen)?;
    screen.heading(&counts(report))?;
    for line in groups(rows) {
        screen.item(&line)?;
    }
    if let Some(log) = &report.inputs.gateway_log {
        let LogUse {
            lines,
            sessions,
            jobs,
            agree,
            ..
        } = log;
        screen.item(&format!(
                "gateway log: {lines} candidates thrown back in {sessions} sessions; the last \
                 recorded runs of {jobs} jobs are among them, and {agree} agree with the answer here"
            ),
        )?;
    }
    screen.paragraph("cronctl explain-model JOB shows every step of one, and what to do.")?;
    versions(report, &Paths::of(report), screen)
}

/// The jobs, with the columns in which something is said.
fn jobs(rows: &[JobRow], screen: &mut Screen<'_>) -> io::Result<()> {
    type Says = fn(&JobRow) -> Cell;
    let any = |is: fn(&JobRow) -> bool| rows.iter().any(is);
    let mut columns = vec![Column::new("job", "JOB")];
    let mut says: Vec<Says> = Vec::new();
    let mut add = |wanted: bool, title: &'static str, cell: Says| {
        if wanted {
            columns.push(Column::new("", title));
            says.push(cell);
        }
    };
    add(any(|r| !is_main(r)), "AGENT", |r| {
        Cell::from(agent(&r.agent))
    });
    add(any(|r| r.declared.is_some()), "DECLARED", |r| {
        Cell::from(r.declared.as_deref())
    });
    add(true, "EFFECTIVE", effective);
    add(true, "FROM", |r| Cell::from(r.model_source.map(source)));
    add(true, "VERDICT", |r| {
        Cell::with(role(r.verdict), r.verdict.word())
    });
    // When all are equally sure, the version below says how sure.
    let differ = |first: &JobRow| rows.iter().any(|r| r.confidence != first.confidence);
    let unknown = any(|r| r.confidence == Sureness::Unknown);
    add(unknown || differ(&rows[0]), "SURE", |r| {
        Cell::from(r.confidence.word())
    });
    add(any(|r| r.drift.last_run.is_some()), "LAST RUN", |r| {
        drift(r.drift.verdict)
    });
    add(any(|r| !r.alternatives.is_empty()), "OR", |r| {
        Cell::from(alternatives(&r.alternatives))
    });
    let mut names: FxHashMap<&str, usize> = FxHashMap::default();
    for name in rows.iter().filter_map(|r| r.name.as_deref()) {
        *names.entry(name).or_default() += 1;
    }
    let cells = rows.iter().map(|row| {
        // By name, which a person knows it by; with the id where that is not enough.
        let label = match row.name.as_deref() {
            Some(name) if names[name] > 1 => format!("{name} ({})", row.job),
            Some(name) => name.to_owned(),
            None => row.job.clone(),
        };
        let mut cells = vec![Cell::from(label)];
        cells.extend(says.iter().map(|cell| cell(row)));
        cells
    });
    let mut cells: Vec<Vec<Cell>> = cells.collect();
    let look = screen.view().look;
    if look.terminal {
        fit(&mut columns, &mut cells, look.width);
    }
    screen.table(&columns, &cells)
}

/// Leaves columns out until the rest fits, those that can be done without first; `--columns` has
/// them all.
fn fit(columns: &mut Vec<Column>, cells: &mut [Vec<Cell>], width: usize) {
    let wide = |columns: &[Column], cells: &[Vec<Cell>]| -> usize {
        let of = |(i, column): (usize, &Column)| {
            let longest = cells.iter().map(|row| row[i].text.chars().count()).max();
            longest.unwrap_or(0).max(column.title.len()) + 2
        };
        columns.iter().enumerate().map(of).sum()
    };
    for title in ["FROM", "AGENT", "LAST RUN", "SURE"] {
        if wide(columns, cells) <= width + 2 {
            return;
        }
        if let Some(at) = columns.iter().position(|c| c.title == title) {
            columns.remove(at);
            for row in cells.iter_mut() {
                drop(row.remove(at));
            }
        }
    }
}

/// Whether the agent is the one that jobs have when nothing is said.
fn is_main(row: &JobRow) -> bool {
    row.agent.id.as_deref() == Some("main") && row.agent.named.is_none()
}

fn counts(report: &ExplainReport) -> String {
    let some = report.counts.iter().filter(|c| c.jobs > 0);
    let each = some.map(|c| format!("{} {}", c.jobs, c.verdict.word()));
    let total: usize = report.counts.iter().map(|c| c.jobs).sum();
    format!(
        "{}: {}",
        jobs_of(total),
        each.collect::<Vec<_>>().join(", ")
    )
}

fn jobs_of(n: usize) -> String {
    format!("{n} job{}", if n == 1 { "" } else { "s" })
}

/// What the jobs that do not get their model have in common.
fn groups(rows: &[JobRow]) -> Vec<String> {
    use FailureClass as Class;
    let mut lines = Vec::new();
    let mut say = |is: &dyn Fn(&JobRow) -> bool, what: &str| {
        let n = rows.iter().filter(|r| is(r)).count();
        if n > 0 {
            lines.push(format!("{}: {what}", jobs_of(n)));
        }
    };
    let class = |r: &JobRow| r.failure.as_ref().map(|f| f.class);
    say(
        &|r| class(r) == Some(Class::LiveSelection),
        "the run fails before any model call, since no candidate equals the session's selection",
    );
    say(
        &|r| r.mechanism == Mechanism::LiveSelection,
        "the session's selection replaces the declared model before any model call, with status ok",
    );
    say(
        &|r| class(r) == Some(Class::NotAllowed),
        "the run fails, since the declared model is not allowed",
    );
    say(
        &|r| r.mechanism == Mechanism::NotAllowed,
        "the declared model is not allowed, and another runs with status ok: mind the cost",
    );
    say(
        &|r| r.model_source == Some(Source::Session) && r.verdict == Verdict::Unpinned,
        "an override on the session row decides, whatever the default is",
    );
    say(
        &|r| !r.alternatives.is_empty(),
        "another version that is possible here gives another answer (column OR)",
    );
    lines
}

/// Which version each source is, and what says so.
pub(super) fn versions(
    report: &ExplainReport,
    paths: &Paths,
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    screen.heading("Which version")?;
    let sources = &report.inputs.sources;
    for version in &report.inputs.versions {
        let location = sources.iter().find(|s| s.tag == version.source);
        let location = location.map_or("", |s| s.location.as_str());
        evidence(version, location, paths, screen)?;
    }
    Ok(())
}

/// Eras with their releases, each era once.
fn possible(all: &[String]) -> Vec<String> {
    let mut eras: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in all {
        let (era, release) = text.rsplit_once(" (").unwrap_or((text, ""));
        let release = release.trim_end_matches(')');
        match eras.iter_mut().find(|(e, _)| *e == era) {
            Some((_, releases)) => releases.push(release),
            None => eras.push((era, vec![release])),
        }
    }
    let say = |(era, releases): (&str, Vec<&str>)| match &releases[..] {
        [only] if *only == era => era.to_owned(),
        _ => format!("{era} (as {})", releases.join(", ")),
    };
    eras.into_iter().map(say).collect()
}

/// The eras that the history excludes, those with the same example together.
fn ruled_out(version: &VersionUse) -> Vec<String> {
    let mut lines: Vec<(Vec<String>, &RuledOut)> = Vec::new();
    for out in &version.ruled_out {
        // Another release of the same era remains.
        let others = version.also_possible.iter().any(|p| p.starts_with(out.era));
        let name = if out.era == version.era || others {
            format!("{} ({})", out.era, out.release)
        } else {
            out.era.to_owned()
        };
        match lines.iter_mut().find(|(_, o)| o.example == out.example) {
            Some((names, _)) if names.contains(&name) => {}
            Some((names, _)) => names.push(name),
            None => lines.push((vec![name], out)),
        }
    }
    let say = |(names, out): (Vec<String>, &RuledOut)| {
        let why = if out.contradicted > 0 {
            ""
        } else {
            ", unless candidates failed and nobody recorded it"
        };
        format!("not {}: {}{why}", names.join(", nor "), out.example)
    };
    lines.into_iter().map(say).collect()
}

/// What says which version it is, the weightiest first, and what its rules are.
fn evidence(
    version: &VersionUse,
    location: &str,
    paths: &Paths,
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    let sure = match version.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Assumed => "assumed",
    };
    screen.line(&[
        Cell::with(Role::Strong, version.version.as_str()),
        Cell::with(Role::Dim, format!("  {sure}, {location}")),
    ])?;
    let origin = paths.short(&version.origin);
    let told = format!(" → {}", version.version);
    screen.item(origin.strip_suffix(&told).unwrap_or(&origin))?;
    if version.runs_compared > 0 {
        screen.item(&format!(
            "run history: its rules predict {} of {} last runs",
            version.runs_predicted, version.runs_compared
        ))?;
    }
    for line in ruled_out(version) {
        screen.item(&line)?;
    }
    // What is certain needs no traces, and what proves nothing is in the JSON only.
    let told = |what: &str| origin.starts_with(what) || origin.ends_with(what);
    for clue in &version.evidence {
        let proves = clue.confidence != Confidence::Assumed && !told(&clue.what);
        if proves && version.confidence != Confidence::Certain {
            let at = paths.short(&clue.found_at);
            let at = if clue.says.contains(&at) {
                String::new()
            } else {
                format!(" ({at})")
            };
            screen.item(&format!("{}: {}{at}", clue.what, clue.says))?;
        }
    }
    if !version.also_possible.is_empty() {
        let others = possible(&version.also_possible).join(", ");
        let line = format!("also possible: {others}; --openclaw-version decides");
        screen.item(&line)?;
    }
    let checked = if version.checked {
        ""
    } else {
        ", the nearest that was checked"
    };
    screen.item(&format!(
        "its rules are those of {}{checked}: {} ({})",
        version.era, version.era_change, version.era_source
    ))
}
