//! `--compare-versions A,B`: what an upgrade changes, job by job.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::args::Pair;
use super::gather::{self, How};
use super::screen;
use crate::error::{Error, Problem};
use crate::job::Job;
use crate::model::{Answer, Mechanism, ModelRef, Resolution, Step, Sureness, Verdict, rules_of};
use crate::report::{Cell, Column, Report, Row, Screen, View};
use crate::source::{Loaded, SourceInfo};
use crate::ui::Role;

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
        screen.rows(rows, Self::EMPTY)?;
        for row in rows {
            let name = row.name.as_deref().unwrap_or(&row.job);
            screen.paragraph(&format!("{name}: {}", row.why))?;
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
            match change(job, tag, old, new) {
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

fn change(job: &Job, tag: &str, old: &Answer, new: &Answer) -> Option<ChangeRow> {
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
        job: job.id.clone(),
        name: job.name.clone(),
        changes,
        why: why(a, b),
        before: a.effective.clone(),
        after: b.effective.clone(),
        verdict_before: a.verdict,
        verdict_after: b.verdict,
        tried_before,
        tried_after,
        confidence: old.confidence.max(new.confidence),
    })
}

/// What stands behind a change, the strongest reason first.
fn why(a: &Resolution, b: &Resolution) -> String {
    let mut reasons = Vec::new();
    for (r, when) in [(a, "before"), (b, "after")] {
        if let Some(failure) = &r.failure {
            reasons.push(format!("{when}: fails, {}", failure.error));
        } else if matches!(
            r.mechanism,
            Mechanism::LiveSelection | Mechanism::NotAllowed
        ) {
            reasons.push(format!("{when}: {}", screen::mechanism(r.mechanism)));
        }
    }
    if a.agent.id != b.agent.id {
        let id = |r: &Resolution| r.agent.id.clone().unwrap_or_else(|| "none".to_owned());
        reasons.push(format!("another agent runs it: {} → {}", id(a), id(b)));
    }
    if let Some(text) = other_step(&a.steps, &b.steps) {
        reasons.push(text);
    }
    if a.chain != b.chain || (a.effective == b.effective && tried(a) != tried(b)) {
        reasons.push(format!(
            "fallbacks: {}{} → {}{}",
            a.chain.word(),
            if a.strict { " (strict)" } else { "" },
            b.chain.word(),
            if b.strict { " (strict)" } else { "" },
        ));
    }
    reasons.join("; ")
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
