//! What a person sees of one job: the answer, then every step, then what to do.

use std::io;

use super::report::{ExplainReport, JobRow, agent, effective, role};
use super::table;
use crate::model::{
    Candidate, ChainOrigin, Fate, Mechanism, Outcome, RowState, Source, Step, StepName, StepOutcome,
};
use crate::report::{Cell, Column, Screen};
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

/// What named a model, so that no word of it can be taken for one.
pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Payload => "payload",
        Source::Hook => "gmail hook",
        Source::Session => "session row",
        Source::Subagent => "sub-agent model",
        Source::Heartbeat => "heartbeat model",
        Source::Agent => "agent's model",
        Source::Default => "default model",
        Source::Fallback => "fallback list",
    }
}

fn step_name(step: StepName) -> &'static str {
    match step {
        StepName::Default => "default model",
        StepName::Agent => "agent's model",
        StepName::Subagent => "sub-agent model",
        other => other.word(),
    }
}

/// Paths as a person reads them: those below the one state directory relative to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths(Option<String>);

impl Paths {
    pub(super) fn of(report: &ExplainReport) -> Self {
        let location = match &report.inputs.sources[..] {
            [one] if one.store.starts_with(&format!("{}/", one.location)) => {
                Some(format!("{}/", one.location))
            }
            _ => None,
        };
        Self(location)
    }

    pub(super) fn short(&self, text: &str) -> String {
        match &self.0 {
            Some(directory) => text.replace(directory, ""),
            None => text.to_owned(),
        }
    }
}

/// Names and values, one below the other; a value that is too long goes on under itself.
pub(super) fn facts(screen: &mut Screen<'_>, facts: &[(&str, Vec<Cell>)]) -> io::Result<()> {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, pieces) in facts {
        let mut line = vec![Cell::with(Role::Dim, format!("{name:>width$}  "))];
        line.extend(pieces.iter().cloned());
        let long: usize = line.iter().map(|c| c.text.chars().count()).sum();
        // What is said beside the value does not fit: it stands below.
        if long > screen.view().look.width && pieces.len() > 1 {
            let beside = line.split_off(2);
            screen.line(&line)?;
            let text: String = beside.iter().map(|c| c.text.trim()).collect();
            screen.indented("", width + 2, dim(text))?;
        } else {
            screen.line(&line)?;
        }
    }
    Ok(())
}

/// One job: the answer, then every step.
pub(super) fn one(report: &ExplainReport, job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    let paths = Paths::of(report);
    let name = job.name.as_deref().unwrap_or(&job.job);
    screen.heading(name)?;
    facts(screen, &summary(job, &paths))?;
    for note in &job.notes {
        screen.item(&paths.short(note))?;
    }
    for missing in &job.missing {
        screen.item(&format!("not known: {}", paths.short(missing)))?;
    }
    screen.heading("Steps, strongest first")?;
    steps(job, &paths, screen)?;
    if !job.candidates.is_empty() {
        screen.heading("Tried in order")?;
        candidates(&job.candidates, screen)?;
    }
    if !job.alternatives.is_empty() {
        screen.heading("If it is another version")?;
        for a in &job.alternatives {
            let what = match (&a.effective, a.failure) {
                (Some(model), _) => format!("{model}, {}", a.verdict.word()),
                (None, Some(class)) => format!("{}: {}", a.verdict.word(), class.word()),
                (None, None) => format!("no model, {}", a.verdict.word()),
            };
            screen.item(&format!("{what} (as {}, era {})", a.release, a.era))?;
        }
    }
    screen.heading("Side by side")?;
    drift(job, &paths, screen)?;
    advice(job, screen)?;
    table::versions(report, &paths, screen)
}

fn dim(text: impl Into<String>) -> Cell {
    Cell::with(Role::Dim, text)
}

fn summary(job: &JobRow, paths: &Paths) -> Vec<(&'static str, Vec<Cell>)> {
    let off = if job.enabled { "" } else { ", disabled" };
    let agent_why = match job.agent.why.as_str() {
        why if agent(&job.agent).contains(why) => String::new(),
        why => format!("  {why}"),
    };
    let key = job.session_key.as_deref().unwrap_or_default();
    let mut out = vec![
        (
            "job",
            vec![
                Cell::from(&*job.job),
                dim(format!("  {}{off}", paths.short(&job.found_at))),
            ],
        ),
        ("agent", vec![Cell::from(agent(&job.agent)), dim(agent_why)]),
        (
            "session",
            vec![
                Cell::from(job.session_target.as_deref().unwrap_or("isolated")),
                dim(format!("  {key}")),
            ],
        ),
        ("version", vec![Cell::from(&*job.version)]),
    ];
    let intended = match (&job.intended, &job.declared) {
        (Some(model), Some(text)) if model.to_string() != *text => {
            vec![Cell::of(model), dim(format!("  declared as {text:?}"))]
        }
        (Some(model), _) => vec![Cell::of(model)],
        (None, Some(text)) if job.outcome == Outcome::Unknown => {
            vec![
                Cell::from(&**text),
                dim("  what it stands for is not known"),
            ]
        }
        (None, Some(text)) => vec![Cell::with(Role::Bad, format!("{text:?} is no model"))],
        (None, None) => vec![dim("nothing: the job names no model")],
    };
    out.push(("intended", intended));
    let how = match (job.model_source, job.mechanism) {
        (None, _) => String::new(),
        (Some(from), Mechanism::Selection) => format!("  from the {}", source(from)),
        (Some(from), Mechanism::NotAllowed) => {
            format!("  from the {}: {}", source(from), mechanism(job.mechanism))
        }
        (Some(from), how) => format!("  from the {}, by {}", source(from), mechanism(how)),
    };
    out.push(("effective", vec![effective(job), dim(how)]));
    if let Some(failure) = &job.failure {
        out.push((
            "error",
            vec![Cell::from(""), Cell::with(Role::Bad, &*failure.error)],
        ));
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
            origin => format!("none: strict (from {})", origin.word()),
        };
    }
    let rest = job.candidates.iter().skip(1).map(|c| c.model.to_string());
    let list: Vec<String> = rest.collect();
    match (&list[..], job.chain) {
        // Main-session turns, whose fallbacks are the session's own.
        ([], _) => "the session's own".to_owned(),
        (_, ChainOrigin::None) => list.join(", "),
        (_, origin) => format!("{} (from {})", list.join(", "), origin.word()),
    }
}

fn steps(job: &JobRow, paths: &Paths, screen: &mut Screen<'_>) -> io::Result<()> {
    let value = |s: &Step| s.value.clone().unwrap_or_else(|| "-".to_owned());
    let names = job.steps.iter().map(|s| step_name(s.step).len());
    let names = names.max().unwrap_or(0).max(4);
    let values = job.steps.iter().map(|s| value(s).chars().count());
    let values = values.max().unwrap_or(0).max(5);
    let head = format!("#  {:names$}  {:values$}  OUTCOME", "STEP", "VALUE");
    screen.line(&[Cell::with(Role::Strong, head)])?;
    for step in &job.steps {
        let role = match step.outcome {
            StepOutcome::Chosen => Role::Good,
            StepOutcome::Refused | StepOutcome::Overruled => Role::Bad,
            StepOutcome::Unknown => Role::Warn,
            _ => Role::Dim,
        };
        screen.line(&[
            Cell::from(format!(
                "{}  {:names$}  {:values$}  ",
                step.order,
                step_name(step.step),
                value(step)
            )),
            Cell::with(role, step.outcome.word()),
        ])?;
        if let Some(at) = &step.found_at {
            screen.indented("", 3, dim(paths.short(at)))?;
        }
        let why = paths.short(&why(step));
        if !why.is_empty() {
            screen.indented("", 3, why)?;
        }
    }
    Ok(())
}

/// The reason, and what the value was read as where the reason does not say it.
fn why(step: &Step) -> String {
    match (&step.reference, &step.value) {
        (Some(model), Some(value))
            if model.to_string() != *value && !step.reason.contains(&model.to_string()) =>
        {
            let more = if step.reason.is_empty() { "" } else { "; " };
            format!("read as {model}{more}{}", step.reason)
        }
        (Some(model), None) if !step.reason.contains(&model.to_string()) => {
            format!("{model}: {}", step.reason)
        }
        _ => step.reason.clone(),
    }
}

fn candidates(all: &[Candidate], screen: &mut Screen<'_>) -> io::Result<()> {
    const COLUMNS: [Column; 4] = [
        Column::new("n", "#").right(),
        Column::new("model", "MODEL"),
        Column::new("fate", "FATE"),
        Column::new("from", "FROM"),
    ];
    let word = |fate| match fate {
        Fate::Called => ("called", Role::Good),
        Fate::Waits => ("waits", Role::Dim),
        Fate::ThrownBack => ("thrown back", Role::Bad),
        Fate::Denied => ("refused", Role::Bad),
    };
    let mut reasons: Vec<String> = Vec::new();
    let mut cells = Vec::new();
    for (n, c) in all.iter().enumerate() {
        let (fate, role) = word(c.fate);
        cells.push(vec![
            Cell::of(n + 1),
            Cell::of(&c.model),
            Cell::with(role, fate),
            Cell::from(&*c.from),
        ]);
        if let Some(reason) = &c.reason {
            let line = format!("{fate}: {reason}");
            if !reasons.contains(&line) {
                reasons.push(line);
            }
        }
    }
    screen.table(&COLUMNS, &cells)?;
    reasons.iter().try_for_each(|line| screen.paragraph(line))
}

fn drift(job: &JobRow, paths: &Paths, screen: &mut Screen<'_>) -> io::Result<()> {
    let drift = &job.drift;
    let or = |text: Option<String>, none: &str| text.map_or_else(|| dim(none), Cell::from);
    let intended = drift.intended.as_ref().map(ToString::to_string);
    let intended = intended.or_else(|| job.declared.clone());
    let mut lines = vec![
        ("intended", vec![or(intended, "nothing declared")]),
        ("effective", vec![effective(job)]),
    ];
    match drift.row {
        RowState::Found => {
            let row = vec![or(drift.row_override.clone(), "none")];
            lines.push(("session row, override", row));
            let mut recorded = vec![or(drift.row_recorded.clone(), "nothing")];
            if drift.row_recorded.is_some() {
                recorded.push(dim("  recorded state, not a selection"));
            }
            lines.push(("session row, recorded", recorded));
        }
        RowState::Absent => lines.push(("session row", vec![dim("there is none")])),
        RowState::Unknown => lines.push(("session row", vec![dim("not known")])),
    }
    let Some(run) = &drift.last_run else {
        lines.push(("last run", vec![dim("none is recorded")]));
        return facts(screen, &lines);
    };
    let status = run.status.as_deref().unwrap_or("status unknown");
    let at = run.started_at.as_deref().unwrap_or("time unknown");
    lines.push((
        "last run",
        vec![
            or(run.model.clone(), "no model recorded"),
            dim(format!("  {status}, {at}, {}", paths.short(&run.found_at))),
        ],
    ));
    facts(screen, &lines)?;
    if let Some(error) = run.error.as_deref() {
        screen.item(&format!("last error: {error}"))?;
    }
    screen.item(&format!("{}: {}", drift.verdict.word(), drift.reason))?;
    logged(job, screen)
}

/// What the gateway's own log says.
fn logged(job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    let Some(log) = &job.gateway_log else {
        return Ok(());
    };
    for said in &log.thrown_back {
        let (candidate, selection) = (&said.candidate, &said.selection);
        screen.item(&format!(
            "gateway log: {candidate} thrown back, the session's selection is {selection}"
        ))?;
    }
    screen.item(if log.agrees {
        "the log and this answer agree"
    } else {
        "the log says something else than this answer"
    })
}

fn advice(job: &JobRow, screen: &mut Screen<'_>) -> io::Result<()> {
    if job.advice.is_empty() {
        return Ok(());
    }
    screen.heading("What to do (nothing is run)")?;
    for advice in &job.advice {
        screen.item(&advice.what)?;
        if let Some(command) = &advice.command {
            screen.line(&[Cell::with(Role::Strong, format!("    {command}"))])?;
        }
    }
    Ok(())
}
