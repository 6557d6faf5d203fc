//! The ledger's part of a sweep: what is to be sent is recorded first, many at a time.

use serde_json::json;
use tokio::task::JoinError;

use super::super::case::Work;
use super::{Sweep, Written};
use crate::checkpoint::Outcome;
use crate::error::Error;
use crate::ledger::{NewAttempt, Record};

impl Sweep<'_> {
    /// Gives up what is recorded as begun and was not sent.
    pub(super) fn withdraw(&mut self, i: usize) {
        self.cases[i].withdraws();
        if let Some(id) = self.cases[i].numbers.pop() {
            self.records.push(Record::Ended {
                id,
                at_ms: self.time.now_ms(),
                outcome: Outcome::NotSent,
                why: "begun, and then not sent".to_owned(),
                after: json!(null),
            });
        }
        self.give_up(i, "");
    }

    /// Has the ledger written, unless it is being written: what is to be sent next is recorded
    /// before it goes out. A few more than can be sent at once, so that the disk is not waited for.
    pub(super) fn record(&mut self) {
        // It is away while it is being written.
        let Some(mut ledger) = self.ledger.take() else {
            return;
        };
        let ahead = self.begun.len() + self.flying.len();
        let room = (2 * self.tools.concurrency).saturating_sub(ahead);
        let starts: Vec<_> = self.wanted.drain(..room.min(self.wanted.len())).collect();
        let mut records = std::mem::take(&mut self.records);
        for (i, work) in &starts {
            records.push(self.begin(*i, work));
        }
        if records.is_empty() {
            self.ledger = Some(ledger);
            return;
        }
        self.beginning = starts;
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let written = ledger.record(&records);
            (ledger, written)
        }));
    }

    fn begin(&mut self, i: usize, work: &Work) -> Record {
        let now_ms = self.time.now_ms();
        let case = &mut self.cases[i];
        let (request_id, round) = case.name_of(work);
        case.begins(work, now_ms);
        let request = match work {
            Work::Checkpoint { .. } => case.url.clone().unwrap_or_default(),
            Work::Restart => format!(
                "{}/workspaces/{}/restart",
                self.tools.platform.settings().url,
                case.turn.workspace_id
            ),
        };
        Record::Begun(Box::new(NewAttempt {
            platform: self.tools.source.to_owned(),
            workspace_id: case.turn.workspace_id.clone(),
            workspace_name: case.turn.workspace_name.clone(),
            turn_key: case.target.turn_key.clone(),
            request_id,
            round,
            at_ms: now_ms,
            who: self.tools.who.to_owned(),
            reason: self.tools.reason.to_owned(),
            request: format!("POST {request}"),
            restart: *work == Work::Restart,
            before: json!(case.turn),
        }))
    }

    pub(super) fn written(&mut self, written: Result<Written, JoinError>) {
        self.writing = None;
        let beginning = std::mem::take(&mut self.beginning);
        let ids = match written {
            Ok((ledger, Ok(ids))) => {
                self.ledger = Some(ledger);
                ids
            }
            Ok((_, Err(error))) => return self.gives_up_ledger(error, beginning),
            Err(panic) => {
                let error = Error::failed("the ledger could not be written").because(panic);
                return self.gives_up_ledger(error, beginning);
            }
        };
        let first = ids.len().saturating_sub(beginning.len());
        for ((i, work), id) in beginning.into_iter().zip(&ids[first..]) {
            self.cases[i].numbers.push(*id);
            if self.sends_more() {
                self.begun.push_back((i, work));
            } else {
                self.withdraw(i);
            }
        }
    }

    /// Goes on without the ledger: nothing more is sent, what is under way is waited for.
    fn gives_up_ledger(&mut self, error: Error, beginning: Vec<(usize, Work)>) {
        self.halt = Some("the ledger could not be written".to_owned());
        for (i, _) in beginning {
            self.cases[i].withdraws();
            self.give_up(i, "");
        }
        self.hold();
        self.records.clear();
        self.unrecorded = Some(error);
    }
}
