//! What a loop says: lines on stdout, the log on stderr.

use std::time::Duration;

use super::super::report::Summary;
use super::Watch;
use super::event::{CheckpointEvent, What};
use super::rounds::{Done, pays};
use crate::checkpoint::{Next, On};
use crate::clock;
use crate::error::{Error, Exit};
use crate::report::{self, Format};
use crate::when;

/// How long the ledger is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(5);

impl Watch<'_> {
    /// Says that the loop begins, and how.
    pub(super) fn started(&self) -> Result<(), Error> {
        let interval = when::duration(self.pace.interval_ms);
        let on = match self.pace.on {
            On::Interval => format!("every {interval}"),
            On::Fire => format!("shortly before schedules fire, else every {interval}"),
            On::Both => format!("every {interval}, and shortly before schedules fire"),
        };
        let ledger = match &self.memory.place {
            Some(place) => format!("ledger {place}"),
            None => "no ledger".to_owned(),
        };
        let mut why = format!(
            "{}, {on}, {ledger}, as {}",
            self.world.tag, self.claimant.owner
        );
        let metrics = self
            .serving
            .as_ref()
            .map(|serving| format!("http://{}/metrics", serving.address()));
        if let Some(metrics) = &metrics {
            // Port 0 takes any.
            why = format!("{why}, {metrics}");
        }
        tracing::info!(
            platform = self.world.tag,
            interval,
            ledger = self.memory.place.as_ref().map(tracing::field::display),
            replica = self.claimant.owner,
            metrics,
            dry_run = self.args.dry_run,
            "started"
        );
        let mut event = self.event(What::Started);
        event.why = Some(why);
        self.print(&event)
    }

    /// Tells the ledger what it missed, if it can be told now, and says that the loop ends; returns what
    /// with.
    pub(super) async fn ends(&mut self, exit: Exit, why: &str) -> Result<Exit, Error> {
        if !self.owed.is_empty() {
            tokio::select! {
                _ = self.signals.next() => {}
                () = tokio::time::sleep(PATIENCE) => {}
                paid = pays(&mut self.memory, &mut self.owed) => if let Err(error) = paid {
                    tracing::error!("{}", error.in_one_line());
                }
            }
        }
        if !self.owed.is_empty() {
            tracing::error!(
                records = self.owed.len(),
                "ended, and the ledger does not know what came of the last requests: they stay without an \
                 end in cronctl checkpoint history, and are made again with the same ids"
            );
        }
        tracing::info!(sweeps = self.number, why, "ended");
        let mut event = self.event(What::Ended);
        event.why = Some(why.to_owned());
        self.print(&event)?;
        Ok(exit)
    }

    /// An event of now.
    pub(super) fn event(&self, what: What) -> CheckpointEvent {
        CheckpointEvent::new(what, clock::now_ms(), self.number)
    }

    /// Prints an event on stdout.
    pub(super) fn print(&self, event: &CheckpointEvent) -> Result<(), Error> {
        let ui = &self.ctx.ui;
        let text = match self.ctx.output.format {
            Format::Ndjson => Some(report::line(event)?),
            _ => event.line(ui.look()).map(|line| line + "\n"),
        };
        match text {
            Some(text) => ui.print(&text),
            None => Ok(()),
        }
    }

    /// Logs what was doubtful or skipped: what was said at the last look, too, is not said again.
    pub(super) fn say(&mut self, done: &Done) {
        let warnings = done.warnings.iter().cloned();
        let problems = done.problems.iter().map(|problem| match &problem.hint {
            Some(hint) => format!("{problem} ({hint})"),
            None => problem.to_string(),
        });
        let now: Vec<String> = warnings.chain(problems).collect();
        for text in &now {
            if !self.said.contains(text) {
                tracing::warn!(sweep = self.number, "{text}");
            }
        }
        self.said = now;
    }

    /// Logs what a look came to, where it came to something.
    pub(super) fn log(&self, summary: &Summary, took_ms: i64, why: Option<&str>) {
        if let Some(why) = why {
            tracing::error!(sweep = self.number, "{why}");
        }
        if summary.targets == 0 && self.number > 1 {
            tracing::debug!(sweep = self.number, took_ms, "nothing is over its ceiling");
            return;
        }
        tracing::info!(
            sweep = self.number,
            took_ms,
            requests = summary.requests,
            over = summary.targets,
            confirmed = summary.confirmed,
            lingering = summary.lingering,
            unknown = summary.unknown,
            throttled = summary.throttled,
            refused = summary.refused,
            unsupported = summary.unsupported,
            not_sent = summary.not_sent,
            held = summary.held,
            resting = summary.left_alone.resting,
            "looked"
        );
    }
}

impl CheckpointEvent {
    /// Names the next look.
    pub(super) fn comes_next(&mut self, next: Option<&Next>) {
        self.next_at_ms = next.map(|next| next.at_ms);
        self.next_at = self.next_at_ms.map(when::utc);
        self.next_fire_at = next.and_then(|next| next.fire_ms).map(when::utc);
    }
}
