//! `--compare-versions A,B`: what an upgrade changes, job by job.

use std::io;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::args::Pair;
use super::gather::{self, How};
use crate::error::{Error, Problem};
use crate::job::Job;
use crate::model::{Answer, Mechanism, ModelRef, Resolution, Step, Sureness, Verdict, rules_of};
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::source::{Loaded, SourceInfo};
use crate::ui::Role;

/// How many jobs are named beside a reason that they share.
const NAMED: usize = 8;

/// `cronctl.explain-model.changes/1`: the jobs that two versions treat differently.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangesReport {
    /// What the answers rest on.
    pub inputs: ChangesInputs,
    /// How many jobs were compared.
    pub compared: usize,
    /// How many of them do not change.
    pub unchanged: usize,
    /// The jobs that do.
    pub jobs: Vec<ChangeRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What a comparison rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangesInputs {
    /// Where jobs came from.
    pub sources: Vec<SourceInfo>,
    /// The first version, and the era whose rules stand for it.
    pub before: Side,
    /// The second.
    pub after: Side,
}

/// One version of a comparison.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Side {
    /// The version.
    pub version: String,
    /// The eras whose rules answer for it; two when its neighbours differ.
    pub eras: Vec<String>,
    /// Whether this very version was checked.
    pub checked: bool,
}

/// One job that changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeRow {
    /// The job's source.
    pub source: String,
    /// Its id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// What changes: `model`, `fallbacks`, `verdict`, `agent`.
    pub changes: Vec<&'static str>,
    /// The model under the first version.
    pub before: Option<ModelRef>,
    /// The model under the second.
    pub after: Option<ModelRef>,
    /// The verdict under the first version.
    pub verdict_before: Verdict,
    /// The verdict under the second.
    pub verdict_after: Verdict,
    /// Everything that is tried, in order, under the first version.
    pub tried_before: Vec<ModelRef>,
    /// Everything that is tried, in order, under the second.
    pub tried_after: Vec<ModelRef>,
    /// Why.
    pub why: String,
    /// How sure it is.
    pub confidence: Sureness,
}

impl Report for ChangesReport {
    type Row = ChangeRow;
    const SCHEMA: &'static str = "cronctl.explain-model.changes/1";
    const EMPTY: &'static str = "No job changes its model, fallbacks or verdict.";

    fn rows(&mut self) -> &mut Vec<ChangeRow> {
        &mut self.jobs
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn screen(&self, rows: &[ChangeRow], screen: &mut Screen<'_>) -> io::Result<()> {
        let (before, after) = (&self.inputs.before, &self.inputs.after);
        screen.heading(&format!("{} → {}", before.version, after.version))?;
        if rows.is_empty() {
            screen.paragraph(Self::EMPTY)?;
        } else {
            changes(rows, screen)?;
            screen.heading("Why")?;
            for (names, why) in reasons(rows) {
                let named = names[..names.len().min(NAMED)].join(", ");
                let more = match names.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    n => format!(" and {n} more"),
                };
                screen.item(&format!("{named}{more}: {why}"))?;
            }
        }
        screen.heading(&format!(
            "{} of {} jobs change, {} stay as they are",
            rows.len(),
            self.compared,
            self.unchanged
        ))
    }
}

impl Row for ChangeRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("job", "JOB"),
        Column::new("name", "NAME").if_any(),
        Column::new("changes", "CHANGES"),
        Column::new("before", "BEFORE"),
        Column::new("after", "AFTER"),
        Column::new("verdict_before", "VERDICT BEFORE"),
        Column::new("verdict_after", "VERDICT AFTER"),
        Column::new("tried_before", "TRIED BEFORE").on_request(),
        Column::new("tried_after", "TRIED AFTER").on_request(),
        Column::new("confidence", "SURE").on_request(),
        Column::new("why", "WHY").on_request(),
        Column::new("source", "SOURCE").on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        let model = |m: &Option<ModelRef>| {
            m.as_ref()
                .map_or_else(|| Cell::with(Role::Warn, "no model"), Cell::of)
        };
        let list = |all: &[ModelRef]| {
            let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
            Cell::from(texts.join(", "))
        };
        match key {
            "job" => Cell::from(&*self.job),
            "name" => Cell::from(self.name.as_deref()),
            "changes" => Cell::from(self.changes.join(", ")),
            "before" => model(&self.before),
            "after" => model(&self.after),
            "verdict_before" => Cell::with(
                super::report::role(self.verdict_before),
                self.verdict_before.word(),
            ),
            "verdict_after" => Cell::with(
                super::report::role(self.verdict_after),
                self.verdict_after.word(),
            ),
            "tried_before" => list(&self.tried_before),
            "tried_after" => list(&self.tried_after),
            "confidence" => Cell::from(self.confidence.word()),
            "why" => Cell::from(&*self.why),
            "source" => Cell::from(&*self.source),
            _ => Cell::none(),
        }
    }
}

/// Compares the jobs under two versions; returns the report and every verdict under the second.
pub(super) fn compare<'a>(
    loaded: &'a Loaded,
    jobs: &[&'a Job],
    how: How<'a>,
    Pair(a, b): Pair,
) -> Result<(ChangesReport, Vec<Verdict>), Error> {
    let under = |version| How {
        version: Some(version),
        ..how
    };
    let before = gather::answer(loaded, jobs, under(a))?;
    let after = gather::answer(loaded, jobs, under(b))?;
    let side = |version| {
        let ruling = rules_of(version);
        let mut eras: Vec<String> = Vec::new();
        for (era, _) in &ruling.answers {
            if !eras.iter().any(|e| e == era.name) {
                eras.push(era.name.to_owned());
            }
        }
        Side {
            version: version.to_string(),
            eras,
            checked: ruling.exact,
        }
    };
    let mut report = ChangesReport {
        inputs: ChangesInputs {
            sources: loaded.sources.clone(),
            before: side(a),
            after: side(b),
        },
        compared: 0,
        unchanged: 0,
        jobs: Vec::new(),
        warnings: Vec::new(),
        problems: loaded.problems.clone(),
    };
    for s in [&report.inputs.before, &report.inputs.after] {
        if !s.checked {
            report.warnings.push(format!(
                "{} was not checked: it is answered with the rules of {}",
                s.version,
                s.eras.join(" and of ")
            ));
        }
    }
    let mut verdicts = Vec::new();
    for (x, y) in before.iter().zip(&after) {
        let tag = &loaded.sources[x.source].tag;
        for ((job, old), (_, new)) in x.jobs.iter().zip(&y.jobs) {
            report.compared += 1;
            verdicts.push(new.resolution.verdict);
            match change(job, tag, old, new, Pair(a, b)) {
                Some(row) => report.jobs.push(row),
                None => report.unchanged += 1,
            }
        }
    }
    Ok((report, verdicts))
}

fn tried(r: &Resolution) -> Vec<ModelRef> {
    r.candidates.iter().map(|c| c.model.clone()).collect()
}

fn change(job: &Job, tag: &str, old: &Answer, new: &Answer, versions: Pair) -> Option<ChangeRow> {
    let (a, b) = (&old.resolution, &new.resolution);
    let mut changes = Vec::new();
    if a.effective != b.effective {
        changes.push("model");
    }
    let (tried_before, tried_after) = (tried(a), tried(b));
    if tried_before.get(1..) != tried_after.get(1..) {
        changes.push("fallbacks");
    }
    if a.verdict != b.verdict {
        changes.push("verdict");
    }
    if a.agent.id != b.agent.id {
        changes.push("agent");
    }
    (!changes.is_empty()).then(|| ChangeRow {
        source: tag.to_owned(),
        job: job.id.to_string(),
        name: job.name.clone().map(String::from),
        changes,
        why: why(a, b, versions),
        before: a.effective.clone(),
        after: b.effective.clone(),
        verdict_before: a.verdict,
        verdict_after: b.verdict,
        tried_before,
        tried_after,
        confidence: old.confidence.max(new.confidence),
    })
}

/// The jobs that change, in the columns that fit beside each other.
fn changes(rows: &[ChangeRow], screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 5] = [
        Column::new("job", "JOB"),
        Column::new("before", "BEFORE"),
        Column::new("after", "AFTER"),
        Column::new("verdict", "VERDICT"),
        Column::new("changes", "CHANGES"),
    ];
    let view = *screen.view();
    let cells = rows.iter().map(|row| {
        let verdict = if row.verdict_before == row.verdict_after {
            row.cell("verdict_after", &view)
        } else {
            Cell::with(
                super::report::role(row.verdict_after),
                format!(
                    "{} → {}",
                    row.verdict_before.word(),
                    row.verdict_after.word()
                ),
            )
        };
        vec![
            Cell::from(row.label()),
            row.cell("before", &view),
            row.cell("after", &view),
            verdict,
            row.cell("changes", &view),
        ]
    });
    let cells: Vec<Vec<Cell>> = cells.collect();
    screen.table(&COLUMNS, &cells)
}

/// The reasons, each once, with the jobs that it holds for.
fn reasons(rows: &[ChangeRow]) -> Vec<(Vec<&str>, &str)> {
    let mut reasons: Vec<(Vec<&str>, &str)> = Vec::new();
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    for row in rows {
        let at = *known.entry(&row.why).or_insert_with(|| {
            reasons.push((Vec::new(), &row.why));
            reasons.len() - 1
        });
        reasons[at].0.push(row.label());
    }
    reasons
}

impl ChangeRow {
    /// What a person knows the job by.
    fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.job)
    }
}

/// What stands behind a change, the strongest reason first.
fn why(a: &Resolution, b: &Resolution, versions: Pair) -> String {
    let mut reasons = Vec::new();
    for (r, version) in [(a, versions.0), (b, versions.1)] {
        let how = match (&r.failure, r.mechanism) {
            (Some(failure), _) => format!("fails: {}", failure.error),
            (None, Mechanism::LiveSelection) => {
                "the session's selection replaces the declared model".to_owned()
            }
            (None, Mechanism::NotAllowed) => {
                "the declared model is not allowed, and another runs silently".to_owned()
            }
            _ => continue,
        };
        reasons.push(format!("under {version} {how}"));
    }
    if a.agent.id != b.agent.id {
        let id = |r: &Resolution| r.agent.id.clone().unwrap_or_else(|| "none".to_owned());
        reasons.push(format!("another agent runs it: {} → {}", id(a), id(b)));
    }
    // Where a run fails, what would have stood behind is no reason.
    if a.failure.is_none() && b.failure.is_none() {
        reasons.extend(other_step(&a.steps, &b.steps));
        if behind(a) != behind(b) || a.chain != b.chain {
            reasons.push(format!("fallbacks {} → {}", behind(a), behind(b)));
        }
    }
    if reasons.is_empty() {
        reasons.push("what is tried, and in which order, differs".to_owned());
    }
    reasons.join("; ")
}

/// The models behind the first, and where they come from.
fn behind(r: &Resolution) -> String {
    let rest = r.candidates.iter().skip(1).map(|c| c.model.to_string());
    let list: Vec<String> = rest.collect();
    let list = if list.is_empty() {
        "none: strict".to_owned()
    } else {
        list.join(", ")
    };
    format!("{list} ({})", r.chain.word())
}

/// The first step that ends differently.
fn other_step(a: &[Step], b: &[Step]) -> Option<String> {
    a.iter().find_map(|x| {
        let y = b
            .iter()
            .find(|y| y.step == x.step && y.found_at == x.found_at)?;
        let differs = x.outcome != y.outcome || x.reference != y.reference;
        differs.then(|| {
            let say = |s: &Step| match &s.reference {
                Some(model) => format!("{} {model}", s.outcome.word()),
                None => s.outcome.word().to_owned(),
            };
            format!("{}: {} → {}", x.step.word(), say(x), say(y))
        })
    })
}
