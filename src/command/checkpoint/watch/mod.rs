//! `checkpoint --watch`: the same again and again, until a signal comes or `--count` looks were made.
//!
//! Each look is one sweep: open the ledger if it was lost, tell it what it is owed, look, judge, free,
//! read back. What failed is said, counted and tried again at the next one; nothing is sent that the
//! ledger does not know.

mod args;
mod event;
mod fires;
mod rounds;
mod saying;

use std::time::Duration;

use self::event::What;
use self::fires::Fires;
use self::rounds::{Round, Tally};
use super::args::CheckpointArgs;
use super::memory::{Memory, who};
use super::plan::Carried;
use super::world::World;
use crate::checkpoint::{Breaker, Next, Pace};
use crate::clock::{self, Stopwatch};
use crate::command::signals::{self, Signals};
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::ledger::{Claimant, Record};
use crate::logs;
use crate::metrics::{self, Health, Metrics, Serving};
use crate::report::Format;
use crate::when;

pub use args::WatchArgs;
pub use event::{CheckpointEvent, event_schema};

/// So long before a fire a look begins, milliseconds.
const LEAD_MS: i64 = 5_000;

/// A clock that is off by more than this was set anew, milliseconds.
const JUMP_MS: i64 = 5_000;

/// Says what cannot be meant, before anything else.
///
/// # Errors
/// When it is a wrong command line.
pub(super) fn possible(args: &CheckpointArgs, ctx: &Context) -> Result<(), Error> {
    if !args.yes && !args.dry_run {
        return Err(Error::usage("--watch asks nobody before it sends")
            .hint("--yes says that it may")
            .hint("--dry-run sends nothing, and says what it would"));
    }
    if !matches!(ctx.output.format, Format::Table | Format::Ndjson) {
        return Err(
            Error::usage("--watch prints lines for people, or one JSON object per line")
                .hint("leave --output out, or use --output ndjson"),
        );
    }
    ctx.output
        .is_plain("--watch prints what happens, one thing after another")
}

/// Runs the loop.
///
/// # Errors
/// When it cannot begin: no platform, a ledger that cannot be used, an address that is taken.
pub(super) async fn run(args: &CheckpointArgs, ctx: &Context) -> Result<Exit, Error> {
    let mut signals = Signals::with_hangup()?;
    let mut world = World::new(args, ctx).await?;
    let mut memory = Memory::find(args, ctx)?;
    logs::init(
        args.watch.log_format.unwrap_or_default(),
        ctx.ui.is_quiet(),
        ctx.ui.talk_color(),
    )?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"))?;
    let interval_ms = args.watch.interval_ms();
    metrics.interval(interval_ms);
    let allowed_ms = metrics::allowed_ms(interval_ms);
    metrics.unhealthy_after(allowed_ms);
    let health = Health::start(allowed_ms);
    let serving = match args.watch.metrics {
        Some(address) => Some(metrics::serve(address, metrics.clone(), health.clone())?),
        None => None,
    };
    let opened = tokio::select! {
        exit = signals.next() => return Ok(exit),
        opened = memory.open() => opened,
    };
    match opened {
        // A database may come up later; a file that cannot be used is for somebody to mend.
        Err(error) if error.exit != Exit::Unavailable => return Err(error),
        Err(error) => {
            metrics.ledger_failed();
            tracing::warn!("{}", error.in_one_line());
        }
        Ok(()) => {}
    }
    // Whoever mends a token restarts the loop, or has it read again.
    world.policy.caller_since_ms = clock::now_ms();
    let who = who(ctx);
    let claimant = super::claimant(args, &who);
    let mut watch = Watch {
        args,
        // The configuration may be read again.
        ctx: ctx.at(ctx.now_ms),
        world,
        memory,
        breaker: breaker(args),
        pace: Pace {
            interval_ms,
            on: args.watch.on.unwrap_or_default(),
            lead_ms: LEAD_MS,
            seed: claimant.owner.clone(),
        },
        claimant,
        who,
        metrics,
        health,
        serving,
        signals,
        carried: Carried::default(),
        fires: Fires::default(),
        owed: Vec::new(),
        said: Vec::new(),
        jumped_ms: 0,
        requests: 0,
        number: 0,
        failures: 0,
        overrun: false,
        tally: Tally::default(),
    };
    watch.run().await
}

fn breaker(args: &CheckpointArgs) -> Breaker {
    Breaker::new(args.watch.breaker_limit(), args.watch.breaker_pause_ms())
}

/// A loop under way.
struct Watch<'a> {
    args: &'a CheckpointArgs,
    ctx: Context,
    world: World,
    memory: Memory,
    claimant: Claimant,
    breaker: Breaker,
    pace: Pace,
    who: String,
    metrics: Metrics,
    health: Health,
    serving: Option<Serving>,
    signals: Signals,
    carried: Carried,
    fires: Fires,
    /// What the ledger is to be told once it can be written again.
    owed: Vec<Record>,
    /// What was said at the last look, and is not said again while it lasts.
    said: Vec<String>,
    /// How far the machine's clock was ahead of ours at the last look.
    jumped_ms: i64,
    /// Requests of the platforms before the present one.
    requests: u64,
    /// The number of the look.
    number: u64,
    /// How many looks failed in a row.
    failures: u32,
    /// Whether the last look took longer than the interval.
    overrun: bool,
    tally: Tally,
}

impl Watch<'_> {
    async fn run(&mut self) -> Result<Exit, Error> {
        self.started()?;
        loop {
            self.number += 1;
            self.watch_clock();
            // Not by two instants: the clock of a ledger may be followed from here on.
            let since = Stopwatch::start();
            let round = self.round().await;
            let ended_ms = clock::now_ms();
            let took_ms = i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX);
            let begun_ms = ended_ms.saturating_sub(took_ms);
            self.failures = match &round {
                Round::Failed(..) => self.failures.saturating_add(1),
                Round::Done(_) | Round::Signal(_) => 0,
            };
            let last = self
                .args
                .watch
                .count
                .is_some_and(|count| self.number >= count);
            let next = self.pace.next(
                self.number,
                begun_ms,
                ended_ms,
                self.failures,
                self.fires.all(),
            );
            if next.overrun {
                self.metrics.overrun();
            }
            let before = std::mem::replace(&mut self.overrun, next.overrun);
            if next.overrun && !before {
                tracing::warn!(
                    took = when::duration(took_ms),
                    interval = when::duration(self.pace.interval_ms),
                    "the look took longer than the interval: the looks missed meanwhile are left out"
                );
            }
            let ended = self.ended(round, took_ms, (!last).then_some(&next))?;
            if let Some(exit) = ended {
                return self.ends(exit, signals::name(exit)).await;
            }
            if last {
                return self.ends(self.tally.exit(), "--count").await;
            }
            if let Some(exit) = self.wait(&next).await? {
                return self.ends(exit, signals::name(exit)).await;
            }
        }
    }

    /// Waits for the next look. Returns what to end with when a signal came.
    async fn wait(&mut self, next: &Next) -> Result<Option<Exit>, Error> {
        loop {
            let pause = next.at_ms.saturating_sub(clock::now_ms()).max(0);
            let pause = Duration::from_millis(pause.unsigned_abs());
            tokio::select! {
                signal = self.signals.next_or_hangup() => if signal.is_some() {
                    return Ok(signal);
                },
                () = tokio::time::sleep(pause) => return Ok(None),
            }
            self.reload().await?;
        }
    }

    /// Reads the configuration and the token again. One that cannot be used changes nothing.
    async fn reload(&mut self) -> Result<(), Error> {
        let read = async {
            let ctx = self.ctx.reloaded()?;
            let world = World::again(self.args, &ctx, &self.world).await?;
            Ok::<_, Error>((ctx, world))
        };
        let read = read.await;
        self.metrics.reloaded(read.is_ok());
        match read {
            Ok((ctx, mut world)) => {
                self.requests += self.world.platform.requests();
                if world
                    .platform
                    .settings()
                    .is_same_caller(self.world.platform.settings())
                {
                    world.policy.caller_since_ms = self.world.policy.caller_since_ms;
                } else {
                    // That another was refused says nothing of this one.
                    world.policy.caller_since_ms = clock::now_ms();
                    self.breaker = breaker(self.args);
                    self.carried = Carried::default();
                }
                self.ctx = ctx;
                self.world = world;
                tracing::info!(
                    platform = self.world.tag,
                    "the configuration was read again"
                );
                self.print(&self.event(What::Reloaded))
            }
            Err(error) => {
                let why = error.in_one_line();
                tracing::error!(
                    why,
                    "the configuration cannot be used: the one before holds"
                );
                let mut event = self.event(What::NotReloaded);
                event.why = Some(why);
                self.print(&event)
            }
        }
    }

    /// Notices that the machine's clock was set anew. Ages, pauses and claims go by a clock that was not.
    fn watch_clock(&mut self) {
        let jumped_ms = clock::jumped_ms();
        let by_ms = jumped_ms.saturating_sub(self.jumped_ms);
        if by_ms.abs() > JUMP_MS {
            self.metrics.clock_jumped();
            tracing::warn!(
                by = when::duration(by_ms.abs()),
                forward = by_ms > 0,
                "the machine's clock was set anew: this loop goes on by the time as it was; restart it to \
                 take over the new one"
            );
            self.jumped_ms = jumped_ms;
        }
    }
}
