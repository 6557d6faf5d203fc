//! The clauses of the contract, each a function of what was said. Nothing is sent here.

mod judge;
mod session;

use schemars::JsonSchema;
use serde::Serialize;

use super::record::{Record, Step};
use crate::checkpoint::Answer;

/// One assertion of the contract (`docs/adapter-spec.md`).
pub(super) struct Clause {
    /// Its name in every output.
    pub(super) id: &'static str,
    /// What is asserted.
    pub(super) title: &'static str,
    /// What goes wrong where it does not hold.
    pub(super) why: &'static str,
    /// Who asks for it.
    pub(super) origin: Asks,
    judge: fn(&Record) -> Judged,
}

/// Who asks for a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// RFC #1690.
    Rfc,
    /// `docs/adapter-spec.md`, where the RFC leaves a gap.
    Gap,
}

impl Asks {
    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rfc => "RFC",
            Self::Gap => "gap",
        }
    }
}

/// Whether a clause holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It does.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be said.
    NotTestable,
}

impl Outcome {
    /// Returns its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotTestable => "not testable",
        }
    }
}

/// Whether a clause holds, and what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) result: Outcome,
    pub(super) seen: String,
}

impl Clause {
    /// Judges it by what was said.
    pub(super) fn judge(&self, record: &Record) -> Judged {
        let unsupported = record
            .of(Step::Idle)
            .is_some_and(|e| e.answer() == Answer::Unsupported);
        if unsupported && self.id != "handler" {
            return judge::open("there is no handler");
        }
        (self.judge)(record)
    }
}

/// The clauses, in the order in which they are tried.
pub(super) const CLAUSES: &[Clause] = &[
    Clause {
        id: "handler",
        title: "There is a handler for /control/checkpoint",
        why: "without one only a restart frees the workspace, and that destroys the turn",
        origin: Asks::Rfc,
        judge: judge::handler,
    },
    Clause {
        id: "idle",
        title: "With no turn in flight the answer is 200 idle",
        why: "a caller must be able to tell a workspace that is free from one that refuses",
        origin: Asks::Gap,
        judge: judge::idle,
    },
    Clause {
        id: "malformed",
        title: "A body that is no JSON is answered with 400",
        why: "a request that is not understood must not cancel anything",
        origin: Asks::Gap,
        judge: judge::malformed,
    },
    Clause {
        id: "no-secret",
        title: "Without a secret the answer is 401",
        why: "whoever reaches the port could cancel turns",
        origin: Asks::Gap,
        judge: |r| judge::refuses(r, Step::NoSecret),
    },
    Clause {
        id: "wrong-secret",
        title: "With a wrong secret the answer is 401",
        why: "whoever reaches the port could cancel turns",
        origin: Asks::Gap,
        judge: |r| judge::refuses(r, Step::WrongSecret),
    },
    Clause {
        id: "wrong-turn",
        title: "A request that names another turn is answered with 409 turn_mismatch",
        why: "between looking and asking a turn can end and the next one begin",
        origin: Asks::Gap,
        judge: judge::wrong_turn,
    },
    Clause {
        id: "wrong-turn-spares",
        title: "A request that names another turn leaves the running one alone",
        why: "the successor of a turn that was too old would lose its work",
        origin: Asks::Gap,
        judge: judge::wrong_turn_spares,
    },
    Clause {
        id: "checkpoint",
        title: "A turn in flight is checkpointed (200), asked to stop (202) or refused (409)",
        why: "this is what the handler is for",
        origin: Asks::Rfc,
        judge: judge::checkpoint,
    },
    Clause {
        id: "post-returns",
        title: "The in-flight POST returns cleanly within the grace",
        why: "until it does, the queue behind it does not drain",
        origin: Asks::Rfc,
        judge: judge::post_returns,
    },
    Clause {
        id: "turn-gone",
        title: "The turn is gone afterwards",
        why: "an answer that claims it frees nothing",
        origin: Asks::Rfc,
        judge: judge::turn_gone,
    },
    Clause {
        id: "repeat-answer",
        title: "The same request_id is given the same answer",
        why: "a caller whose answer was lost asks again and must learn what happened",
        origin: Asks::Gap,
        judge: judge::repeat_answer,
    },
    Clause {
        id: "repeat-spares",
        title: "The same request_id does not cancel the next turn",
        why: "a repeat after a lost answer would destroy the turn that the checkpoint made room for",
        origin: Asks::Gap,
        judge: judge::repeat_spares,
    },
    Clause {
        id: "resumes",
        title: "The next turn resumes with the saved session",
        why: "otherwise the work of the cancelled turn is lost, as after a restart",
        origin: Asks::Rfc,
        judge: session::resumes,
    },
];

#[cfg(test)]
mod tests;
