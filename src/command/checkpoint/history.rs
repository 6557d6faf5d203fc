//! `cronctl checkpoint history`: what the ledger says of earlier requests.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::memory;
use super::outcome::role;
use crate::context::Context;
use crate::error::{Error, Exit, Problem};
use crate::ledger::{Entry, Ledger, LedgerArgs};
use crate::report::{self, Cell, Column, Report, Row, View};
use crate::ui::Role;
use crate::when;
use crate::zones::Zones;

/// The options of `checkpoint history`.
#[derive(Args, Clone, Debug, Default)]
pub struct HistoryArgs {
    /// Only these workspaces: id, its beginning, or name; may be repeated
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: Vec<String>,
    /// Only requests since then: a duration before now (7d), RFC 3339, or epoch milliseconds
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// At most this many, the newest [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,

    /// Which ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
}

/// How many requests are listed without `--limit`.
const LIMIT: u32 = 100;

/// `cronctl.checkpoint.history/1`: requests that were made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryReport {
    /// What the answer rests on.
    pub inputs: HistoryInputs,
    /// The requests, newest first.
    pub rows: Vec<Entry>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What the answer rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryInputs {
    /// The ledger's file, or its address.
    pub ledger: String,
    /// The workspaces asked for, as typed; empty for all.
    pub workspaces: Vec<String>,
    /// Since when: RFC 3339; null for all.
    pub since_at: Option<String>,
    /// The same, epoch milliseconds.
    pub since_at_ms: Option<i64>,
    /// How many at most.
    pub limit: u32,
}

/// Runs `cronctl checkpoint history`.
///
/// # Errors
/// When the ledger cannot be read, or `--since` is no time.
pub(super) fn run(args: &HistoryArgs, ctx: &Context) -> Result<Exit, Error> {
    let place = memory::place(&args.ledger, ctx)?;
    let since_ms = args.since.as_deref().map(|text| since(text, ctx));
    let since_ms = since_ms.transpose()?;
    let limit = args.limit.unwrap_or(LIMIT);
    let mut warnings = Vec::new();
    let rows = if let Some(ledger) = Ledger::at_existing(&place)? {
        ledger.history(&args.workspace, since_ms, limit)?
    } else {
        warnings.push(format!(
            "{place}: there is no ledger yet: nothing was recorded here"
        ));
        Vec::new()
    };
    if rows.len() == limit as usize {
        warnings.push(format!(
            "only the newest {limit} are listed; --limit lists more"
        ));
    }
    let mut report = HistoryReport {
        inputs: HistoryInputs {
            ledger: place.to_string(),
            workspaces: args.workspace.clone(),
            since_at: since_ms.map(when::utc),
            since_at_ms: since_ms,
            limit,
        },
        rows,
        warnings,
        problems: Vec::new(),
    };
    report::write(&mut report, ctx)?;
    Ok(Exit::Ok)
}

/// Reads `--since`: a duration means before now.
fn since(text: &str, ctx: &Context) -> Result<i64, Error> {
    if let Ok(before) = when::parse_duration(text) {
        return Ok(ctx.now_ms.saturating_sub(before));
    }
    Zones::new(&ctx.env)
        .instant("--since", text, ctx.now_ms)
        .map_err(|error| error.hint("a duration means before now: 7d, 12h"))
}

impl Row for Entry {
    const COLUMNS: &'static [Column] = &[
        Column::new("at", "AT"),
        Column::new("workspace_id", "WORKSPACE"),
        Column::new("workspace_name", "NAME").if_any(),
        Column::new("age_ms", "AGE").right(),
        Column::new("outcome", "OUTCOME"),
        Column::new("answer", "ANSWER"),
        Column::new("who", "WHO"),
        Column::new("reason", "REASON"),
        Column::new("took_ms", "TOOK").right(),
        Column::new("why", "WHY").on_request(),
        Column::new("platform", "PLATFORM").on_request(),
        Column::new("turn", "TURN").on_request(),
        Column::new("request", "REQUEST").on_request(),
        Column::new("request_id", "REQUEST ID").on_request(),
        Column::new("id", "ID").right().on_request(),
    ];

    fn cell(&self, key: &str, _: &View) -> Cell {
        match key {
            "at" => Cell::from(&*self.at),
            "workspace_id" => Cell::from(&*self.workspace_id),
            "workspace_name" => Cell::from(self.workspace_name.as_deref()),
            "age_ms" => Cell::from(self.age_ms.map(when::duration)),
            "outcome" => match self.outcome {
                Some(outcome) => Cell::with(role(outcome), outcome.word()),
                None => Cell::with(Role::Warn, "not recorded"),
            },
            "answer" => match &self.answer {
                Some(answer) => Cell::from(&**answer),
                None => Cell::with(Role::Warn, "not recorded"),
            },
            "who" => Cell::from(&*self.who),
            "reason" => Cell::from(&*self.reason),
            "took_ms" => Cell::from(self.took_ms.map(when::duration)),
            "why" => Cell::from(self.why.as_deref()),
            "platform" => Cell::from(&*self.platform),
            "turn" => Cell::from(&*self.turn),
            "request" => Cell::from(&*self.request),
            "request_id" => Cell::from(&*self.request_id),
            _ => Cell::of(self.id),
        }
    }
}

impl Report for HistoryReport {
    type Row = Entry;
    const SCHEMA: &'static str = "cronctl.checkpoint.history/1";
    const EMPTY: &'static str = "No request is recorded.";

    fn rows(&mut self) -> &mut Vec<Entry> {
        &mut self.rows
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}
