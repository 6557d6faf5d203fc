//! What a person sees of the answers.

use std::io;

use super::report::{ExplainReport, JobRow, VersionUse, agent, effective, role};
use crate::model::{
    Alternative, Candidate, ChainOrigin, Fate, Mechanism, Outcome, Source, StepOutcome, Verdict,
};
use crate::report::{Cell, Column, Screen};
use crate::source::Confidence;
use crate::ui::Role;

/// How a model came to run, in words.
pub(super) fn mechanism(mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::Selection => "selected",
        Mechanism::NotAllowed => "what is declared is not allowed",
        Mechanism::LiveSelection => "live selection",
        Mechanism::Failover => "failover",
        Mechanism::None => "",
    }
}

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

fn facts(screen: &mut Screen<'_>, facts: &[(&str, Vec<Cell>)]) -> io::Result<()> {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, pieces) in facts {
        let mut line = vec![Cell::with(Role::Dim, format!("{name:>width$}  "))];
        line.extend(pieces.iter().cloned());
        screen.line(&line)?;
    }
    Ok(())
}

/// One job: the answer, then every step.
pub(super) fn one(report: &ExplainReport, job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    let name = job.name.as_deref().unwrap_or(&job.job);
    screen.heading(name)?;
    facts(screen, &summary(job))?;
    for note in &job.notes {
        screen.paragraph(&format!("note: {note}"))?;
    }
    for missing in &job.missing {
        screen.paragraph(&format!("not known: {missing}"))?;
    }
    screen.heading("Steps, strongest first")?;
    steps(job, screen)?;
    if !job.candidates.is_empty() {
        screen.heading("Tried in order")?;
        candidates(&job.candidates, screen)?;
    }
    if !job.alternatives.is_empty() {
        screen.heading("If it is another version")?;
        for a in &job.alternatives {
            let line = alternatives(std::slice::from_ref(a));
            screen.paragraph(&format!("{}: {line}, {}", a.era, a.verdict.word()))?;
        }
    }
    screen.heading("Side by side")?;
    drift(job, screen)?;
    advice(job, screen)?;
    screen.heading("Which version")?;
    for version in &report.inputs.versions {
        evidence(version, screen)?;
    }
    Ok(())
}

fn summary(job: &JobRow) -> Vec<(&'static str, Vec<Cell>)> {
    let dim = |text: String| Cell::with(Role::Dim, text);
    let mut out = vec![(
        "job",
        vec![
            Cell::from(&*job.job),
            dim(format!(
                "  {}{}",
                job.found_at,
                if job.enabled { "" } else { ", disabled" }
            )),
        ],
    )];
    out.push((
        "agent",
        vec![
            Cell::from(agent(&job.agent)),
            dim(format!("  {}", job.agent.why)),
        ],
    ));
    out.push((
        "session",
        vec![
            Cell::from(job.session_target.as_deref().unwrap_or("isolated")),
            dim(format!(
                "  {}",
                job.session_key.as_deref().unwrap_or_default()
            )),
        ],
    ));
    out.push((
        "version",
        vec![Cell::from(&*job.version), dim(format!("  era {}", job.era))],
    ));
    let intended = match (&job.intended, &job.declared) {
        (Some(model), Some(text)) if model.to_string() != *text => {
            vec![Cell::of(model), dim(format!("  declared as {text:?}"))]
        }
        (Some(model), _) => vec![Cell::of(model)],
        (None, Some(text)) => vec![Cell::with(Role::Bad, format!("{text:?} is no model"))],
        (None, None) => vec![dim("nothing: the job names no model".to_owned())],
    };
    out.push(("intended", intended));
    let how = match (job.model_source, job.mechanism) {
        (None, _) => String::new(),
        (Some(source), Mechanism::Selection) => format!("  from {}", source.word()),
        (Some(source), how) => format!("  from {}, by {}", source.word(), mechanism(how)),
    };
    out.push(("effective", vec![effective(job), dim(how)]));
    if let Some(failure) = &job.failure {
        out.push(("error", vec![Cell::with(Role::Bad, &*failure.error)]));
    }
    if job.outcome == Outcome::Runs {
        out.push(("fallbacks", vec![Cell::from(fallbacks(job))]));
    }
    out.push((
        "verdict",
        vec![
            Cell::with(role(job.verdict), job.verdict.word()),
            dim(format!("  {}", job.confidence.word())),
        ],
    ));
    out
}

/// The fallbacks behind the model that is selected, with where they come from.
fn fallbacks(job: &JobRow) -> String {
    if job.strict {
        return match job.chain {
            ChainOrigin::None => "none: strict".to_owned(),
            origin => format!("none: strict ({})", origin.word()),
        };
    }
    let rest = job.candidates.iter().skip(1).map(|c| c.model.to_string());
    let list: Vec<String> = rest.collect();
    format!("{} ({})", list.join(", "), job.chain.word())
}

fn steps(job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 6] = [
        Column::new("order", "#").right(),
        Column::new("step", "STEP"),
        Column::new("value", "VALUE"),
        Column::new("reference", "MODEL"),
        Column::new("outcome", "OUTCOME"),
        Column::new("reason", "WHY"),
    ];
    let cells: Vec<Vec<Cell>> = job
        .steps
        .iter()
        .map(|s| {
            let role = match s.outcome {
                StepOutcome::Chosen => Role::Good,
                StepOutcome::Refused | StepOutcome::Overruled => Role::Bad,
                StepOutcome::Unknown => Role::Warn,
                _ => Role::Dim,
            };
            vec![
                Cell::of(s.order),
                Cell::from(s.step.word()),
                Cell::from(s.value.as_deref()),
                Cell::from(s.reference.as_ref().map(ToString::to_string)),
                Cell::with(role, s.outcome.word()),
                Cell::from(&*s.reason),
            ]
        })
        .collect();
    screen.table(&COLUMNS, &cells)?;
    let found = job
        .steps
        .iter()
        .filter_map(|s| Some((s.order, s.found_at.as_ref()?)));
    for (order, at) in found {
        screen.line(&[Cell::with(Role::Dim, format!("{order:>3}  {at}"))])?;
    }
    Ok(())
}

fn candidates(all: &[Candidate], screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 5] = [
        Column::new("n", "#").right(),
        Column::new("model", "MODEL"),
        Column::new("fate", "FATE"),
        Column::new("from", "FROM"),
        Column::new("reason", "WHY"),
    ];
    let cells: Vec<Vec<Cell>> = all
        .iter()
        .enumerate()
        .map(|(n, c)| {
            let (fate, role) = match c.fate {
                Fate::Called => ("called", Role::Good),
                Fate::Waits => ("waits", Role::Dim),
                Fate::ThrownBack => ("thrown back", Role::Bad),
                Fate::Denied => ("refused", Role::Bad),
            };
            vec![
                Cell::of(n + 1),
                Cell::of(&c.model),
                Cell::with(role, fate),
                Cell::from(&*c.from),
                Cell::from(c.reason.as_deref()),
            ]
        })
        .collect();
    screen.table(&COLUMNS, &cells)
}

fn drift(job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    let drift = &job.drift;
    let or = |text: Option<String>, none: &str| {
        text.map_or_else(|| Cell::with(Role::Dim, none), Cell::from)
    };
    let mut lines = vec![
        (
            "intended",
            vec![or(
                drift.intended.as_ref().map(ToString::to_string),
                "nothing declared",
            )],
        ),
        ("effective", vec![effective(job)]),
        (
            "session row, override",
            vec![or(drift.row_override.clone(), "none")],
        ),
        (
            "session row, recorded",
            vec![
                or(drift.row_recorded.clone(), "none"),
                Cell::with(Role::Dim, "  what the last run left there, not a selection"),
            ],
        ),
    ];
    let ran = match &drift.last_run {
        Some(run) => {
            let status = run.status.as_deref().unwrap_or("status unknown");
            let at = run.started_at.as_deref().unwrap_or("time unknown");
            vec![
                or(run.model.clone(), "no model recorded"),
                Cell::with(Role::Dim, format!("  {status}, {at}, {}", run.found_at)),
            ]
        }
        None => vec![Cell::with(Role::Dim, "no finished run is recorded")],
    };
    lines.push(("last run", ran));
    facts(screen, &lines)?;
    if let Some(error) = drift.last_run.as_ref().and_then(|r| r.error.as_deref()) {
        screen.paragraph(&format!("last error: {error}"))?;
    }
    screen.paragraph(&format!("{}: {}", drift.verdict.word(), drift.reason))
}

fn advice(job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    if job.advice.is_empty() {
        return Ok(());
    }
    screen.heading("What to do (nothing is run)")?;
    for advice in &job.advice {
        screen.paragraph(&format!("- {}", advice.what))?;
        if let Some(command) = &advice.command {
            screen.line(&[Cell::with(Role::Strong, format!("    {command}"))])?;
        }
    }
    Ok(())
}

/// What says which version it is.
fn evidence(version: &VersionUse, screen: &mut Screen<'_>) -> io::Result<()> {
    let sure = match version.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Assumed => "assumed",
    };
    screen.line(&[
        Cell::with(
            Role::Strong,
            format!("{} {}", version.source, version.version),
        ),
        Cell::with(Role::Dim, format!("  {sure}: {}", version.origin)),
    ])?;
    screen.paragraph(&format!(
        "era {}: {} ({})",
        version.era, version.era_change, version.era_source
    ))?;
    for clue in &version.evidence {
        screen.paragraph(&format!(
            "- {}: {} ({})",
            clue.what, clue.says, clue.found_at
        ))?;
    }
    if version.runs_compared > 0 {
        screen.paragraph(&format!(
            "- run history: {} of {} last runs are what these rules predict",
            version.runs_predicted, version.runs_compared
        ))?;
    }
    for out in &version.ruled_out {
        let runs = match (out.contradicted, out.strained) {
            (0, n) => format!("{n} last runs would need failures that nobody recorded"),
            (n, _) => format!("contradicts {n} last runs"),
        };
        screen.paragraph(&format!(
            "- not {} ({}): {runs}; {}",
            out.era, out.release, out.example
        ))?;
    }
    if !version.also_possible.is_empty() {
        screen.paragraph(&format!(
            "- also possible: {}; --openclaw-version decides",
            version.also_possible.join(", ")
        ))?;
    }
    Ok(())
}

/// Many jobs: one row each, then the counts.
pub(super) fn many(
    report: &ExplainReport,
    rows: &[JobRow],
    screen: &mut Screen<'_>,
) -> io::Result<()> {
    screen.rows(rows, "No jobs.")?;
    if !rows.is_empty() {
        screen.heading(&counts(report))?;
        for line in groups(rows) {
            screen.paragraph(&line)?;
        }
    }
    screen.heading("Which version")?;
    for version in &report.inputs.versions {
        evidence(version, screen)?;
    }
    Ok(())
}

fn counts(report: &ExplainReport) -> String {
    let some = report.counts.iter().filter(|c| c.jobs > 0);
    let each = some.map(|c| format!("{} {}", c.jobs, c.verdict.word()));
    let total: usize = report.counts.iter().map(|c| c.jobs).sum();
    let plural = if total == 1 { "" } else { "s" };
    format!(
        "{total} job{plural}: {}",
        each.collect::<Vec<_>>().join(", ")
    )
}

/// What the jobs that do not get their model have in common.
fn groups(rows: &[JobRow]) -> Vec<String> {
    let mut lines = Vec::new();
    let count = |is: &dyn Fn(&JobRow) -> bool| rows.iter().filter(|r| is(r)).count();
    let live = count(&|r| r.mechanism == Mechanism::LiveSelection);
    if live > 0 {
        lines.push(format!(
            "{live}: a selection of the session replaced the model that they declare, before any \
             model call and with status ok"
        ));
    }
    let silent = count(&|r| r.mechanism == Mechanism::NotAllowed);
    if silent > 0 {
        lines.push(format!(
            "{silent}: the model that they declare is not allowed, and they silently run another: \
             mind the cost"
        ));
    }
    let session =
        count(&|r| r.model_source == Some(Source::Session) && r.verdict == Verdict::Unpinned);
    if session > 0 {
        lines.push(format!(
            "{session}: an override on the session row decides, whatever the default is"
        ));
    }
    let doubtful = count(&|r| !r.alternatives.is_empty());
    if doubtful > 0 {
        lines.push(format!(
            "{doubtful}: another version that remains possible gives another answer (column OR)"
        ));
    }
    lines
}
