//! One turn that is to be freed, and how far that has come.

use crate::checkpoint::{
    Action, Answer, Attempt, Body, Outcome, Policy, ReadBack, Rest, Seen, Target, decide, rest,
};
use crate::turn::Turn;

use super::outcome::cut_short;
use super::seen::Sight;
use crate::when;

/// What is said where no id tells two turns apart.
const MAYBE_ANOTHER: &str = "or another, which nobody can tell: the platform names no turns";

/// Whether an answer says that the turn is let go.
fn accepts(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Checkpointed { .. } | Answer::Interrupting { .. }
    )
}

/// One turn that is to be freed, and how far that has come.
#[derive(Debug)]
pub(super) struct Case {
    /// The turn as judged before.
    pub(super) turn: Turn,
    pub(super) target: Target,
    /// Where its request goes; an error says why it cannot.
    pub(super) url: Result<String, String>,
    /// The body, with the id of the request that was sent last, or would be.
    pub(super) body: Body,
    /// All requests for it that are known, those of earlier calls included, oldest first.
    attempts: Vec<Attempt>,
    looks: Vec<ReadBack>,
    /// Whether what the last look showed in flight may be a turn after this one.
    maybe_another: bool,
    /// Whether this process has claimed the turn.
    pub(super) claimed: bool,
    /// Whether another one had.
    pub(super) held: bool,
    /// Their numbers in the ledger: this call's.
    pub(super) numbers: Vec<i64>,
    /// Requests sent in this call, restarts included.
    pub(super) sent: u32,
    /// Restarts among them.
    pub(super) restarts: u32,
    /// The last answer of this call, and what stood in it.
    pub(super) answer: Option<(Answer, String)>,
    /// When its first request of this call was sent, epoch milliseconds.
    pub(super) asked_ms: Option<i64>,
    /// How it ended.
    pub(super) end: Option<End>,
    /// Whether that was said on the platform's activity log; `None`: not asked to.
    pub(super) reported: Option<bool>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) why: String,
    /// When, epoch milliseconds.
    pub(super) at_ms: i64,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A checkpoint.
    Checkpoint {
        /// The id of the request.
        request_id: String,
        /// Its round.
        round: u32,
    },
    /// A restart of the workspace.
    Restart,
}

impl Case {
    /// A turn for which nothing was done in this call. `attempts` are those of earlier calls.
    pub(super) fn new(
        turn: Turn,
        target: Target,
        url: Result<String, String>,
        body: Body,
        mut attempts: Vec<Attempt>,
    ) -> Self {
        // Made by a clock that was ahead, they are no later than now all the same.
        let before_ms = target.begun_ms - 1;
        for attempt in &mut attempts {
            attempt.at_ms = attempt.at_ms.min(before_ms);
            if let Some((_, at_ms)) = &mut attempt.answer {
                *at_ms = before_ms.min(*at_ms);
            }
        }
        Self {
            turn,
            target,
            url,
            body,
            attempts,
            looks: Vec::new(),
            maybe_another: false,
            claimed: false,
            held: false,
            numbers: Vec::new(),
            sent: 0,
            restarts: 0,
            answer: None,
            asked_ms: None,
            end: None,
            reported: None,
        }
    }

    /// What is to be done next. What may be another turn is not restarted for not having gone.
    pub(super) fn next(&self, policy: &Policy, now_ms: i64) -> Action {
        let decide =
            |policy: &Policy| decide(&self.target, &self.attempts, &self.looks, policy, now_ms);
        let accepted = self.attempts.last().and_then(|last| {
            let (answer, _) = last.answer.as_ref().filter(|_| !last.restart)?;
            accepts(answer).then_some(())
        });
        if accepted.is_none() || !self.maybe_another {
            return decide(policy);
        }
        let gentle = Policy {
            escalate: false,
            ..policy.clone()
        };
        match decide(&gentle) {
            Action::Done {
                outcome: Outcome::Lingering,
                why,
            } => Action::Done {
                outcome: Outcome::Lingering,
                why: format!("{why}, {MAYBE_ANOTHER}"),
            },
            action => action,
        }
    }

    /// Why a turn that nobody names is not asked again yet, after an earlier call's request for it was
    /// accepted, or found nothing in flight: what is in flight may have begun since, and is then within its
    /// ceiling.
    pub(super) fn rests(&self, now_ms: i64) -> Option<String> {
        let last = self.attempts.last().filter(|last| !last.restart)?;
        let (answer, at_ms) = last.answer.as_ref()?;
        let ceiling_ms = self.turn.ceiling_ms?;
        let over_ms = at_ms.saturating_add(ceiling_ms);
        let named = self.target.turn_id.is_some();
        let how = match answer {
            Answer::Idle => "found nothing in flight",
            answer if accepts(answer) => "was accepted",
            _ => return None,
        };
        (!named && now_ms <= over_ms).then(|| {
            format!(
                "the request of {} {how}; what is in flight now is that turn {MAYBE_ANOTHER}: \
                 not asked again before {}",
                when::utc(*at_ms),
                when::utc(over_ms)
            )
        })
    }

    /// The id and round under which work is recorded: a restart has those of the request before it.
    pub(super) fn name_of(&self, work: &Work) -> (String, u32) {
        match work {
            Work::Checkpoint { request_id, round } => (request_id.clone(), *round),
            Work::Restart => self.attempts.last().map_or_else(
                || (self.body.request_id.clone(), 0),
                |last| (last.request_id.clone(), last.round),
            ),
        }
    }

    /// Notes that a request is about to be sent.
    pub(super) fn begins(&mut self, work: &Work, at_ms: i64) {
        let (request_id, round) = self.name_of(work);
        self.body.request_id.clone_from(&request_id);
        self.attempts.push(Attempt {
            request_id,
            round,
            at_ms,
            answer: None,
            restart: *work == Work::Restart,
        });
    }

    /// How many requests for the turn are known.
    pub(super) fn known(&self) -> usize {
        self.attempts.len()
    }

    /// Takes in that others asked for the turn meanwhile: all requests for it.
    pub(super) fn learns(&mut self, attempts: Vec<Attempt>) {
        self.attempts = attempts;
    }

    /// Until when a loop lets the turn rest.
    pub(super) fn resting(&self, policy: &Policy, now_ms: i64) -> Option<Rest> {
        let Target {
            workspace_id,
            turn_key,
            ..
        } = &self.target;
        rest(&self.attempts, policy, (workspace_id, turn_key), now_ms)
    }

    /// Takes back what was begun and is not sent.
    pub(super) fn withdraws(&mut self) {
        self.attempts.pop();
    }

    /// Notes that a request is on its way.
    pub(super) fn sends(&mut self, work: &Work, at_ms: i64) {
        self.sent += 1;
        self.restarts += u32::from(*work == Work::Restart);
        self.asked_ms.get_or_insert(at_ms);
        self.answer = None;
    }

    /// Notes an answer.
    pub(super) fn hears(&mut self, answer: Answer, says: String, at_ms: i64) {
        if let Some(last) = self.attempts.last_mut() {
            last.answer = Some((answer.clone(), at_ms));
        }
        self.answer = Some((answer, says));
    }

    /// Notes what a look showed.
    pub(super) fn sees(&mut self, sight: Sight, at_ms: i64) {
        self.maybe_another = sight.seen == Seen::InFlight && !sight.same;
        let seen = sight.seen;
        self.looks.push(ReadBack { at_ms, seen });
    }

    /// What the last look showed.
    pub(super) fn last_look(&self) -> Option<&ReadBack> {
        self.looks.last()
    }

    /// How many looks it took.
    pub(super) fn looks(&self) -> usize {
        self.looks.len()
    }

    /// How it stands when it is given up now.
    pub(super) fn as_it_stands(&self) -> Outcome {
        cut_short(
            self.sent > 0,
            self.answer.as_ref().map(|(answer, _)| answer),
        )
    }
}
