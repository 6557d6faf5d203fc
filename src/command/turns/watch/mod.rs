//! `--watch`: looks and events, until told to end. The table is drawn anew on a terminal; elsewhere
//! there is one JSON object per event.

mod diff;
mod live;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use self::diff::{What, changes};
use self::live::Live;
use super::args::TurnsArgs;
use super::look::{Look, Looker};
use super::report::Summary;
use super::{answer, rows};
use crate::command::signals::Signals;
use crate::command::watching::Watching;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::molecule::{Events, Happening};
use crate::report::{self as output, Published, published_line};
use crate::turn::Turn;
use crate::when;

/// Events that come within this time of one another are drawn together, milliseconds.
const TOGETHER: Duration = Duration::from_millis(100);

/// `cronctl.turns.event/1`: one line of `turns --watch -o ndjson`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TurnEvent {
    /// What happened.
    pub event: What,
    /// When it was noticed, RFC 3339. When a turn started stands in the turn.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The turn; null when the event is about no single one.
    pub turn: Option<Turn>,
    /// What a look comes to; null for other events.
    pub summary: Option<Summary>,
    /// Why, in words: how events are heard, why not, why a look failed. Null for other events.
    pub why: Option<String>,
}

/// Returns the schema of a line.
pub fn event_schema() -> Published {
    published_line::<TurnEvent>("cronctl.turns.event/1")
}

/// Watches until `--count` looks were made or a signal comes.
///
/// # Errors
/// When the first look fails, or stdout cannot be written.
pub(super) async fn run(
    args: &TurnsArgs,
    ctx: &Context,
    looker: Looker<'_>,
) -> Result<Exit, Error> {
    let mut watch = Watch {
        args,
        ctx,
        looker,
        shown: Watching::begin(ctx)?,
        live: Live::default(),
        last: None,
        hearing: None,
        lost: false,
        failure: None,
        exit: Exit::Ok,
    };
    watch.run().await
}

/// A watch under way.
struct Watch<'a> {
    args: &'a TurnsArgs,
    ctx: &'a Context,
    looker: Looker<'a>,
    shown: Watching<'a>,
    live: Live,
    last: Option<Look>,
    /// How events are heard, or why they are not, for the line below the table.
    hearing: Option<String>,
    /// Whether it was said that they are not.
    lost: bool,
    /// Why the last look failed.
    failure: Option<String>,
    exit: Exit,
}

impl Watch<'_> {
    async fn run(&mut self) -> Result<Exit, Error> {
        let mut signals = Signals::listen()?;
        let pause = Duration::from_millis(
            u64::try_from(self.args.interval.unwrap_or(TurnsArgs::INTERVAL_MS)).unwrap_or(0),
        );
        let mut events: Option<Events> = None;
        let mut subscribed = false;
        let mut looks = 0;
        loop {
            let now_ms = self.looker.sources.now_ms();
            let look = tokio::select! {
                exit = signals.next() => return Ok(exit),
                look = self.looker.look(now_ms) => look,
            };
            match look {
                Ok(look) => self.looked(look)?,
                // Without a first answer there is nothing to watch.
                Err(error) if self.last.is_none() => return Err(error),
                Err(error) => self.failed(&error)?,
            }
            looks += 1;
            if self.args.count.is_some_and(|count| looks >= count) {
                return Ok(self.exit);
            }
            if !subscribed && self.last.is_some() {
                events = self.subscribe();
                subscribed = true;
            }
            let next = tokio::time::sleep(pause);
            tokio::pin!(next);
            loop {
                tokio::select! {
                    exit = signals.next() => return Ok(exit),
                    () = &mut next => break,
                    Some(first) = hear(&mut events) => {
                        if self.heard(first, &mut events).await? {
                            break;
                        }
                    }
                }
            }
        }
    }

    fn subscribe(&self) -> Option<Events> {
        let platform = self.looker.sources.platform.as_ref()?;
        let snapshot = self.last.as_ref()?.snapshot.as_ref()?;
        let ids: Vec<String> = snapshot.workspaces.iter().map(|w| w.id.clone()).collect();
        Some(Events::subscribe(platform, &ids))
    }

    /// Takes in a look, and prints what it changed.
    fn looked(&mut self, look: Look) -> Result<(), Error> {
        if let Some(snapshot) = &look.snapshot {
            self.live.looked(snapshot);
        }
        self.failure = None;
        for problem in &look.problems {
            self.exit = self.exit.max(Exit::Partial);
            self.shown.problem(problem);
        }
        for warning in &look.warnings {
            self.shown.warning(warning);
        }
        let summary = Summary::of(&look.turns);
        self.line(What::Look, look.now_ms, None, Some(summary), None)?;
        self.changed(look)
    }

    /// Takes in what happened, with all that comes close to it. Returns whether it is time to look.
    async fn heard(
        &mut self,
        first: Happening,
        events: &mut Option<Events>,
    ) -> Result<bool, Error> {
        let mut next = Some(first);
        let mut look_now = false;
        let mut sightings = Vec::new();
        let Some(mut look) = self.last.clone() else {
            return Ok(true);
        };
        while let Some(happening) = next.take() {
            let now_ms = self.looker.sources.now_ms();
            match happening {
                Happening::Connected(how) => {
                    // What happened before is not known; what is idle from now on is.
                    self.live.gap();
                    look_now = true;
                    self.lost = false;
                    self.hearing = Some(format!("starts are seen by {how}"));
                    self.line(What::Connected, now_ms, None, None, Some(how.to_owned()))?;
                }
                Happening::Lost(why) => {
                    self.live.gap();
                    self.hearing = Some(format!("events are not heard: {why}"));
                    // Said once, however often the connection is tried in vain.
                    if !std::mem::replace(&mut self.lost, true) {
                        self.line(What::Lost, now_ms, None, None, Some(why))?;
                    }
                }
                Happening::Unsupported(why) => {
                    *events = None;
                    self.hearing = Some(format!("the platform sends no events: {why}"));
                    self.line(What::Lost, now_ms, None, None, Some(why))?;
                }
                Happening::Event(event) => {
                    if let Some(snapshot) = &mut look.snapshot {
                        sightings.extend(self.live.happened(&event, snapshot, now_ms));
                        snapshot.taken_at_ms = snapshot.taken_at_ms.max(now_ms);
                        look.now_ms = snapshot.taken_at_ms;
                    }
                }
            }
            if events.is_some() {
                next = tokio::time::timeout(TOGETHER, hear(events))
                    .await
                    .ok()
                    .flatten();
            }
        }
        if !sightings.is_empty() {
            self.looker.observe(&sightings);
            self.looker.judge(&mut look)?;
            self.changed(look)?;
        } else if !self.shown.lines {
            self.draw()?;
        }
        Ok(look_now)
    }

    /// Prints what changed since the last answer, which this one becomes.
    fn changed(&mut self, look: Look) -> Result<(), Error> {
        if self.args.fails(&look.turns) {
            self.exit = Exit::Findings;
        }
        let before = self.last.replace(look);
        if !self.shown.lines {
            return self.draw();
        }
        let Some(look) = &self.last else {
            return Ok(());
        };
        let before = before.as_ref().map(|look| look.turns.as_slice());
        for change in changes(before, &look.turns, rows(self.args)) {
            let turn = Some(change.turn.clone());
            self.line(change.what, look.now_ms, turn, None, None)?;
        }
        Ok(())
    }

    /// Says that a look failed. The answer before it stands.
    fn failed(&mut self, error: &Error) -> Result<(), Error> {
        let text = error.in_one_line();
        let now_ms = self.looker.sources.now_ms();
        self.exit = self.exit.max(Exit::Partial);
        if self.shown.lines {
            self.ctx.ui.warning(&format!("a look failed: {text}"));
        } else {
            self.failure = Some(text.clone());
            self.draw()?;
        }
        self.line(What::Failed, now_ms, None, None, Some(text))
    }

    /// Draws the table.
    fn draw(&self) -> Result<(), Error> {
        let Some(look) = &self.last else {
            return Ok(());
        };
        let mut report = answer(self.args, &self.looker, look.clone());
        let mut hearing = self
            .hearing
            .clone()
            .unwrap_or_else(|| "events are not heard yet".to_owned());
        if let Some(failure) = &self.failure {
            hearing = format!("{hearing}; the last look failed: {failure}");
        }
        report.around.watching = Some(format!(
            "As of {}; {hearing}. Ctrl-C ends.",
            when::readable(
                look.now_ms.div_euclid(1000) * 1000,
                &jiff::tz::TimeZone::UTC
            )
        ));
        output::redraw(&mut report, &self.ctx.at(look.now_ms))
    }

    /// Prints a change, where changes are printed.
    fn line(
        &self,
        event: What,
        at_ms: i64,
        turn: Option<Turn>,
        summary: Option<Summary>,
        why: Option<String>,
    ) -> Result<(), Error> {
        if !self.shown.lines {
            return Ok(());
        }
        let line = TurnEvent {
            event,
            at: when::utc(at_ms),
            at_ms,
            turn,
            summary,
            why,
        };
        self.ctx.ui.print(&output::line(&line)?)
    }
}

/// Waits for what happens next; for ever when nothing is heard, `None` when the subscription ended.
async fn hear(events: &mut Option<Events>) -> Option<Happening> {
    match events {
        Some(subscription) => {
            let next = subscription.next().await;
            if next.is_none() {
                *events = None;
            }
            next
        }
        None => std::future::pending().await,
    }
}
