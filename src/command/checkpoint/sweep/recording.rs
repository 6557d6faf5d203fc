//! The ledger's part of a sweep: what is to be sent is recorded first, many at a time.

use serde_json::json;
use tokio::task::JoinError;

use super::super::case::Work;
use super::{Sweep, Written};
use crate::clock;
use crate::error::Error;
use crate::ledger::{NewAttempt, Record};

impl Sweep<'_> {
    /// Gives up what is recorded as begun and was not sent.
    pub(super) fn withdraw(&mut self, i: usize) {
        self.not_sent(i, "begun, and then not sent");
        self.give_up(i, "");
    }

    /// Has the ledger written, unless it is being written: what is to be sent next is recorded
    /// before it goes out. A few more than can be sent at once, so that the disk is not waited for.
    pub(super) fn record(&mut self) {
        self.renew();
        if self.unrecorded.is_some() {
            self.owed.append(&mut self.records);
            return;
        }
        // It is away while it is being written.
        let Some(mut ledger) = self.ledger.take() else {
            return;
        };
        let now = clock::now_ms();
        let ahead = self.begun.len() + self.flying.len();
        let room = (2 * self.tools.concurrency).saturating_sub(ahead);
        let room = room.min(self.breaker.room(now)).min(self.wanted.len());
        let starts: Vec<_> = self.wanted.drain(..room).collect();
        let mut records = std::mem::take(&mut self.records);
        for (i, work) in &starts {
            self.breaker.begins(now);
            records.push(self.begin(*i, work));
        }
        if records.is_empty() {
            self.ledger = Some(ledger);
            return;
        }
        self.beginning = starts;
        self.beginning_ms = now;
        self.renewing = records.iter().any(|r| matches!(r, Record::Renewed));
        let claimant = self.tools.claimant.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let written = ledger.record(Some(&claimant), &records);
            (ledger, written.map_err(|error| (error, records)))
        }));
    }

    fn begin(&mut self, i: usize, work: &Work) -> Record {
        let now_ms = clock::now_ms();
        let case = &mut self.cases[i];
        let known = case.known();
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
            known,
        }))
    }

    pub(super) fn written(&mut self, written: Result<Written, JoinError>) {
        self.writing = None;
        let beginning = std::mem::take(&mut self.beginning);
        let recorded = match written {
            Ok((ledger, Ok(recorded))) => {
                self.ledger = Some(ledger);
                recorded
            }
            Ok((_, Err((error, records)))) => {
                return self.gives_up_ledger(error, beginning, records);
            }
            Err(panic) => {
                let error = Error::failed("the ledger could not be written").because(panic);
                return self.gives_up_ledger(error, beginning, Vec::new());
            }
        };
        if std::mem::take(&mut self.renewing) {
            self.lease.renewed(self.beginning_ms);
        }
        let first = recorded.len().saturating_sub(beginning.len());
        for ((i, work), recorded) in beginning.into_iter().zip(recorded.into_iter().skip(first)) {
            self.recorded(i, work, recorded);
        }
    }

    /// Goes on without the ledger: nothing more is sent, what is under way is waited for, and what the
    /// ledger is not told is kept.
    fn gives_up_ledger(
        &mut self,
        error: Error,
        beginning: Vec<(usize, Work)>,
        records: Vec<Record>,
    ) {
        self.halt = Some("the ledger could not be written".to_owned());
        let told =
            |record: &Record| matches!(record, Record::Answered { .. } | Record::Ended { .. });
        self.owed.extend(records.into_iter().filter(told));
        self.unrecorded = Some(error);
        for (i, _) in beginning {
            self.takes_back(i);
            self.give_up(i, "");
        }
        self.hold();
    }
}
