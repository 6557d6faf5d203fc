//! `cronctl turns`: which turns are in flight, and which are past their ceiling.

mod args;
mod cells;
mod chart;
mod look;
mod memory;
mod openclaw;
pub(crate) mod pick;
mod report;
#[cfg(test)]
pub(crate) mod sample;
mod screen;
mod sources;
mod watch;

use self::look::{Look, Looker};
use self::report::{Around, Inputs, Rows, Summary, is_apart, is_row};
use self::sources::Sources;
use crate::command::runtime::block_on;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::report as output;
use crate::turn::TurnsRoute;
use crate::when;

pub use args::{FailOn, TurnsArgs};
pub use report::TurnsReport;
pub use watch::{TurnEvent, event_schema};

/// Runs `cronctl turns`.
///
/// # Errors
/// When no source can be read.
pub fn run(args: &TurnsArgs, ctx: &Context) -> Result<Exit, Error> {
    if args.watch {
        args.chart.none_with("--watch")?;
    }
    block_on(async {
        let sources = Sources::new(args, ctx).await?;
        let mut looker = Looker::new(args, ctx, sources);
        if args.watch {
            return watch::run(args, ctx, looker).await;
        }
        let now_ms = looker.sources.instant();
        let look = looker.look(now_ms).await?;
        let fails = args.fails(&look.turns);
        let at = ctx.at(now_ms);
        let mut report = answer(args, &looker, look);
        output::write(&mut report, &at)?;
        // Sorted as it was printed.
        args.chart.write(&at, || chart::picture(&report))?;
        Ok(if fails {
            Exit::Findings
        } else {
            at.exit(Exit::Ok)
        })
    })
}

/// Which turns are rows.
fn rows(args: &TurnsArgs) -> Rows {
    if args.over_ceiling {
        Rows::OverCeiling
    } else if args.all || !args.workspace.is_empty() {
        Rows::All
    } else {
        Rows::InFlight
    }
}

/// Makes the answer of a look.
fn answer(args: &TurnsArgs, looker: &Looker<'_>, look: Look) -> TurnsReport {
    let rows = rows(args);
    let summary = Summary::of(&look.turns);
    let unknown = look.turns.iter().filter(|t| is_apart(t)).cloned().collect();
    let snapshot = look.snapshot.as_ref();
    let sources = &looker.sources;
    let (turns_route, turns_route_why) = match snapshot.map(|s| &s.turns) {
        None | Some(TurnsRoute::NotAsked) => (None, None),
        Some(TurnsRoute::Missing(why)) => (Some(false), Some(why.clone())),
        Some(TurnsRoute::Listed(_)) => (Some(true), None),
    };
    TurnsReport {
        inputs: Inputs {
            platform: sources.platform.as_ref().map(|_| sources.tag.clone()),
            openclaw: sources
                .openclaw
                .iter()
                .map(|state| state.paths.state_dir.display().to_string())
                .collect(),
            now_at: when::utc(look.now_ms),
            now_at_ms: look.now_ms,
            rows,
            workspaces: args.workspace.clone(),
            ceiling_ms: args.ceiling,
            silent_after_ms: args.silent_after.unwrap_or(TurnsArgs::SILENT_AFTER_MS),
            requests: look.requests,
            turns_route,
            turns_route_why,
            clock_offset_ms: snapshot.and_then(|s| s.clock_offset_ms),
            ledger: looker.ledger(),
        },
        summary,
        turns: look
            .turns
            .into_iter()
            .filter(|turn| is_row(turn, rows))
            .collect(),
        unknown,
        warnings: look.warnings,
        problems: look.problems,
        around: Around {
            again: sources.again.clone(),
            watching: None,
        },
    }
}
