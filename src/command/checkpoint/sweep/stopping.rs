//! Nothing more is sent: a signal came, the caller is not allowed, or the ledger cannot be written.

use super::{Stop, Sweep};
use crate::checkpoint::Outcome;
use crate::clock;
use crate::command::signals;
use crate::error::Exit;
use crate::when;

/// How long the ledger is waited for when what was under way had its time, milliseconds.
const PATIENCE_MS: i64 = 5_000;
/// The same after a second signal.
const SECOND_PATIENCE_MS: i64 = 500;

impl Sweep<'_> {
    /// Whether anything more may be sent.
    pub(super) fn sends_more(&self) -> bool {
        self.stop.is_none() && self.halt.is_none()
    }

    /// Ends a case as it stands, since nothing more is sent.
    pub(super) fn give_up(&mut self, i: usize, otherwise: &str) {
        let halted = match (&self.halt, self.stop) {
            (Some(why), _) => why.clone(),
            (None, Some(stop)) => format!("{} came", signals::name(stop.exit)),
            (None, None) => otherwise.to_owned(),
        };
        let outcome = self.cases[i].as_it_stands();
        let said = self.cases[i].answer.as_ref().map(|(_, says)| says.as_str());
        let why = match said {
            Some(says) => format!("{says}; then {halted}"),
            None if outcome == Outcome::Unknown => format!("{halted} before an answer did"),
            None => halted,
        };
        self.end(i, outcome, why);
    }

    /// Gives up what is to be sent and was not.
    pub(super) fn hold(&mut self) {
        // Looks wait for the same budget: no place in it is taken for nothing.
        self.admitting = None;
        self.admitted = None;
        for (i, ..) in std::mem::take(&mut self.begun) {
            self.withdraw(i);
        }
        self.hold_wanted();
    }

    /// Gives up what is not recorded yet; what is recorded as begun goes out.
    pub(super) fn hold_wanted(&mut self) {
        for (i, _) in std::mem::take(&mut self.wanted) {
            self.give_up(i, "");
        }
    }

    /// The first signal lets what is under way end; the second does not.
    pub(super) fn signal(&mut self, exit: Exit) {
        let now = clock::now_ms();
        if let Some(stop) = &mut self.stop {
            stop.until_ms = now;
            stop.at_once = true;
            // Also where the ledger is being waited for.
            self.last_ms = None;
            return;
        }
        let drain_ms = self.tools.policy.drain_ms;
        self.stop = Some(Stop {
            exit,
            until_ms: now.saturating_add(drain_ms),
            at_once: false,
        });
        self.tools.warn(&format!(
            "{}: nothing more is sent; what is under way has {} to end",
            signals::name(exit),
            when::duration(drain_ms)
        ));
        self.hold();
        // Those that wait to ask again have nothing to wait for.
        let asleep = std::mem::take(&mut self.asleep);
        self.ready.extend(asleep.into_iter().map(|(_, i)| i));
    }

    /// Ends every case as it stands, and lets the ledger be told of it, for as long as that may take.
    pub(super) fn abandon(&mut self, at_once: bool) {
        let patience_ms = if at_once {
            SECOND_PATIENCE_MS
        } else {
            PATIENCE_MS
        };
        let last_ms = clock::now_ms().saturating_add(patience_ms);
        self.last_ms = Some(self.last_ms.map_or(last_ms, |earlier| earlier.min(last_ms)));
        self.flying.abort_all();
        self.look = None;
        self.ready.clear();
        self.asleep.clear();
        self.onlookers.clear();
        for i in 0..self.cases.len() {
            // What is being recorded as begun is given up when that is done.
            let beginning = self.beginning.iter().any(|(begun, _)| *begun == i);
            if self.cases[i].end.is_none() && !beginning {
                self.give_up(i, "");
            }
        }
    }

    /// Ends every case as it stands, also what is being recorded.
    pub(super) fn give_up_all(&mut self) {
        self.writing = None;
        for i in 0..self.cases.len() {
            if self.cases[i].end.is_none() {
                self.give_up(i, "");
            }
        }
    }
}
