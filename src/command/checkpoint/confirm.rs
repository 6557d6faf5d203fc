//! The question before anything is sent.

use super::args::{CheckpointArgs, Escalate};
use super::case::Case;
use super::row::{age, ceiling};
use super::world::World;
use crate::context::Context;
use crate::error::Error;

/// How many turns the question names.
const NAMED: usize = 5;

/// Whether anything may be sent at all: somebody said yes, or is there to be asked.
///
/// # Errors
/// When nobody is: a script must say `--yes`.
pub(super) fn possible(args: &CheckpointArgs, ctx: &Context) -> Result<(), Error> {
    if args.dry_run || args.demo || args.yes || ctx.ui.asks() {
        return Ok(());
    }
    Err(
        Error::usage("nobody is there to be asked whether to go on: this is no terminal")
            .hint("--yes goes on without asking")
            .hint("--dry-run prints the requests and sends none"),
    )
}

/// Asks whether to free turns of a platform. Says the same with `--yes`.
pub(super) fn platform(
    args: &CheckpointArgs,
    ctx: &Context,
    world: &World,
    cases: &[Case],
) -> bool {
    let asked: Vec<&Case> = cases.iter().filter(|case| case.end.is_none()).collect();
    let (turns, owner) = match asked.len() {
        1 => ("1 turn".to_owned(), "its owner"),
        n => (format!("{n} turns"), "the owner of each"),
    };
    let mut about = vec![format!(
        "{turns} at {}: {owner} is asked to save it and let go",
        world.tag
    )];
    let unicode = ctx.ui.look().unicode;
    about.extend(asked.iter().take(NAMED).map(|case| line(case, unicode)));
    if let Some(more @ 1..) = asked.len().checked_sub(NAMED) {
        about.push(format!("  and {more} more"));
    }
    if args.escalate == Some(Escalate::Restart) {
        about.push(
            "where a turn is not let go, its workspace is restarted: that destroys the turn"
                .to_owned(),
        );
    }
    go_on(args, ctx, &about)
}

/// Asks whether to abort runs of a gateway.
pub(super) fn gateway(args: &CheckpointArgs, ctx: &Context, lines: &[String]) -> bool {
    go_on(args, ctx, lines)
}

fn go_on(args: &CheckpointArgs, ctx: &Context, about: &[String]) -> bool {
    if args.yes || args.demo {
        for line in about {
            ctx.ui.note(line.trim_start());
        }
        return true;
    }
    ctx.ui.confirm(about, "Go on?") == Some(true)
}

fn line(case: &Case, unicode: bool) -> String {
    let turn = &case.turn;
    let who = match &turn.workspace_name {
        Some(name) => format!("{name} ({})", turn.workspace_id),
        None => turn.workspace_id.clone(),
    };
    let age = age(turn.age_ms, turn.age_is, unicode);
    let age = age.map_or_else(|| "age not known".to_owned(), |age| format!("{age} old"));
    match turn.ceiling_ms {
        Some(ms) => format!("  {who}: {age}, ceiling {}", ceiling(ms)),
        None => format!("  {who}: {age}, ceiling not known"),
    }
}
