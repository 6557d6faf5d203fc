//! Requests on their way, what is answered, and the breaker.

use tracing::Instrument as _;

use super::super::case::Work;
use super::{Answered, Sweep, open};
use crate::checkpoint::{Answer, Heard, Tripped, read_answer, read_restart};
use crate::clock;
use crate::ledger::Record;
use crate::molecule::{Admission, Platform};
use crate::when;

impl Sweep<'_> {
    /// Sends what is recorded, unless another may have claimed it since. Leave to send is waited for
    /// before that is asked, and before anything stops it: what was let out goes at once.
    pub(super) fn send(&mut self) {
        while self.flying.len() < self.tools.concurrency && !self.begun.is_empty() {
            let Some(admission) = self.admission() else {
                break;
            };
            let Some((i, work, begun_ms)) = self.begun.pop_front() else {
                break;
            };
            let now = clock::now_ms();
            if !self.lease.holds(begun_ms, now) {
                self.admitted = Some(admission);
                self.record_anew(i, work);
                continue;
            }
            let case = &mut self.cases[i];
            case.sends(&work, now);
            let span = tracing::info_span!(
                "request",
                workspace = case.turn.workspace_id,
                turn = case.target.turn_key,
                request_id = case.body.request_id,
                restart = work == Work::Restart,
            );
            let platform = self.tools.platform.clone();
            match work {
                Work::Checkpoint { .. } => {
                    let url = case.url.clone().unwrap_or_default();
                    let body = case.body.clone();
                    let request = async move {
                        let reply = platform.checkpoint(&url, &body, admission).await;
                        let (answer, says) = read_answer(&reply);
                        tracing::info!(says, "answered");
                        (i, work, answer, says)
                    };
                    self.flying.spawn(request.instrument(span));
                }
                Work::Restart => {
                    let id = case.turn.workspace_id.clone();
                    let request = async move {
                        let (answer, says) = read_restart(&platform.restart(&id, admission).await);
                        tracing::info!(says, "answered");
                        (i, work, answer, says)
                    };
                    self.flying.spawn(request.instrument(span));
                }
            }
        }
    }

    /// Leave to send one request, where it need not be waited for.
    fn admission(&mut self) -> Option<Admission> {
        let platform = &self.tools.platform;
        if self.admitting.is_none() {
            let free = self.admitted.take().or_else(|| platform.try_admission());
            if free.is_some() {
                return free;
            }
            let platform = Platform::clone(platform);
            self.admitting = Some(Box::pin(async move { platform.admission().await }));
        }
        None
    }

    /// Takes in an answer.
    pub(super) fn answered(&mut self, (i, _, answer, says): Answered) {
        let at_ms = clock::now_ms();
        let heard = match answer {
            Answer::Unclear => Heard::Nothing,
            Answer::Unauthorised | Answer::TenantGuard if self.tools.via_platform => Heard::Refused,
            _ => Heard::Clear,
        };
        if heard == Heard::Refused && self.halt.is_none() {
            self.halt = Some(format!(
                "the platform refused the caller at {}: the rest would fail too",
                self.cases[i].turn.workspace_id
            ));
        }
        let tripped = self.breaker.hears(heard, at_ms);
        if let Some(metrics) = self.tools.metrics {
            metrics.asked(&answer);
        }
        if self.cases[i].end.is_none() {
            let case = &mut self.cases[i];
            if let Some(&id) = case.numbers.last() {
                self.records.push(Record::Answered {
                    id,
                    at_ms,
                    answer: answer.clone(),
                    says: says.clone(),
                });
            }
            case.hears(answer, says, at_ms);
            self.ready.push(i);
        }
        self.tripped(tripped);
        if heard == Heard::Refused {
            self.hold();
        }
    }

    /// Notes what an answer did to the breaker.
    pub(super) fn tripped(&mut self, tripped: Option<Tripped>) {
        match tripped {
            None => {}
            Some(Tripped::Closed) => tracing::info!("the breaker closed: requests go out again"),
            Some(Tripped::Opened { until_ms }) => {
                tracing::warn!(until = when::utc(until_ms), "the breaker opened");
                if let Some(metrics) = self.tools.metrics {
                    metrics.breaker_opened();
                }
                self.halt.get_or_insert_with(|| open(until_ms));
                self.hold();
            }
        }
    }
}
