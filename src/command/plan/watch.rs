//! The next bursts, counting down: drawn anew every second on a terminal, one JSON object per event
//! elsewhere.

mod args;
mod diff;
mod look;
mod screen;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

pub(super) use self::args::WatchArgs;
use self::diff::{What, changes};
use self::look::{Clock, Look};
use self::screen::NextBursts;
use super::args::PlanArgs;
use super::report::BurstRow;
use crate::command::runtime::block_on;
use crate::command::signals::Signals;
use crate::command::watching::Watching;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::report::{self as output, Published, published_line};
use crate::when;

/// The bursts that are watched.
const SHOWN: usize = 8;

/// `cronctl.plan.event/1`: one line of `plan --watch -o ndjson`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanEvent {
    /// What happened.
    pub event: What,
    /// When it was noticed, RFC 3339. When the burst is stands in the burst.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The burst; null when the event is about no single one.
    pub burst: Option<BurstRow>,
    /// The time left until the burst; null without one.
    pub left_ms: Option<i64>,
    /// The planned jobs; null but for looks.
    pub jobs: Option<usize>,
    /// The bursts within the horizon; null but for looks.
    pub bursts: Option<usize>,
    /// Why, in words: what changed, why reading failed. Null for other events.
    pub why: Option<String>,
}

/// Returns the schema of a line.
pub fn event_schema() -> Published {
    published_line::<PlanEvent>("cronctl.plan.event/1")
}

/// Shows the next bursts until `--count` looks were made or a signal comes.
///
/// # Errors
/// When the options contradict each other, the first look fails, or stdout cannot be written.
pub(super) fn run(args: &PlanArgs, ctx: &Context) -> Result<Exit, Error> {
    args::fits(args)?;
    let mut watch = Watch {
        args,
        ctx,
        shown: Watching::begin(ctx)?,
        clock: Clock::new(ctx),
        last: None,
        due: Vec::new(),
        failure: None,
        exit: Exit::Ok,
    };
    block_on(watch.run())
}

/// A watch under way.
struct Watch<'a> {
    args: &'a PlanArgs,
    ctx: &'a Context,
    shown: Watching<'a>,
    clock: Clock,
    last: Option<Look>,
    /// The instants that were said to be due, which a look at the same instant may list again.
    due: Vec<i64>,
    /// Why the last look failed.
    failure: Option<String>,
    exit: Exit,
}

impl Watch<'_> {
    async fn run(&mut self) -> Result<Exit, Error> {
        let mut signals = Signals::listen()?;
        let pause = self.args.watch.interval.unwrap_or(WatchArgs::INTERVAL_MS);
        let pause = Duration::from_millis(u64::try_from(pause).unwrap_or(0));
        let mut looks = 0;
        loop {
            match look::look(self.args, self.ctx, &mut self.clock, self.last.is_none()) {
                Ok(look) => self.looked(look)?,
                // Without a first plan there is nothing to watch.
                Err(error) if self.last.is_none() => return Err(error),
                Err(error) => self.failed(&error)?,
            }
            looks += 1;
            if self.args.watch.count.is_some_and(|count| looks >= count) {
                return Ok(self.exit);
            }
            let next = tokio::time::sleep(pause);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    exit = signals.next() => return Ok(exit),
                    () = &mut next => break,
                    () = tokio::time::sleep(self.clock.until_next_second()) => {
                        if self.second()? {
                            break;
                        }
                    }
                }
            }
        }
    }

    /// Takes in a look, and prints what it changed.
    fn looked(&mut self, look: Look) -> Result<(), Error> {
        self.failure = None;
        for problem in &look.problems {
            self.exit = self.exit.max(Exit::Partial);
            self.shown.problem(problem);
        }
        let before = self.last.replace(look);
        let Some(look) = &self.last else {
            return Ok(());
        };
        if !self.shown.lines {
            return self.draw();
        }
        let now_ms = look.now_ms;
        self.line(&PlanEvent {
            jobs: Some(look.jobs),
            bursts: Some(look.in_horizon),
            ..event(What::Look, now_ms)
        })?;
        if let Some(before) = &before
            && before.definitions != look.definitions
        {
            let why = if before.jobs == look.jobs {
                "the definition of a job changed".to_owned()
            } else {
                format!("planned jobs: {}, {} before", look.jobs, before.jobs)
            };
            self.line(&PlanEvent {
                why: Some(why),
                ..event(What::SourceChanged, now_ms)
            })?;
        }
        let before = before.as_ref().map_or(&[][..], |b| &b.bursts);
        for (what, burst) in changes(
            before,
            (&look.bursts, look.in_horizon > look.bursts.len()),
            &self.due,
            now_ms,
        ) {
            self.line(&about(what, burst, now_ms))?;
            if what == What::Due {
                self.due.push(burst.at_ms);
            }
        }
        Ok(())
    }

    /// A second went by. Returns whether a burst came due, so that there is a next one to list.
    fn second(&mut self) -> Result<bool, Error> {
        let now_ms = self.clock.now_ms();
        let Some(look) = &self.last else {
            return Ok(true);
        };
        let came = look
            .bursts
            .iter()
            .any(|b| b.at_ms <= now_ms && !self.due.contains(&b.at_ms));
        if !self.shown.lines {
            self.draw()?;
        }
        self.due.retain(|at| *at >= now_ms - 1);
        Ok(came)
    }

    /// Says that a look failed. The plan before it stands.
    fn failed(&mut self, error: &Error) -> Result<(), Error> {
        let text = error.in_one_line();
        let now_ms = self.clock.now_ms();
        self.exit = self.exit.max(Exit::Partial);
        if !self.shown.lines {
            self.failure = Some(text);
            return self.draw();
        }
        self.shown
            .warning(&format!("the sources cannot be read: {text}"));
        self.line(&PlanEvent {
            why: Some(text),
            ..event(What::Failed, now_ms)
        })
    }

    /// Draws the table.
    fn draw(&self) -> Result<(), Error> {
        let Some(look) = &self.last else {
            return Ok(());
        };
        let now_ms = self.clock.now_ms();
        let mut report = NextBursts::new(look, now_ms, self.failure.as_deref());
        output::redraw(&mut report, &self.ctx.at(now_ms))
    }

    fn line(&self, line: &PlanEvent) -> Result<(), Error> {
        self.ctx.ui.print(&output::line(line)?)
    }
}

/// An event about no single burst.
fn event(event: What, at_ms: i64) -> PlanEvent {
    PlanEvent {
        event,
        at: when::utc(at_ms),
        at_ms,
        burst: None,
        left_ms: None,
        jobs: None,
        bursts: None,
        why: None,
    }
}

fn about(what: What, burst: &BurstRow, now_ms: i64) -> PlanEvent {
    PlanEvent {
        left_ms: Some((burst.at_ms - now_ms).max(0)),
        burst: Some(burst.clone()),
        ..event(what, now_ms)
    }
}
