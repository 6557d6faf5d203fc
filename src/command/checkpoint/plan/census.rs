//! What all turns come to, for those who watch.

use std::collections::BTreeMap;

use crate::turn::{Turn, Verdict};

/// What all turns come to.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Census {
    /// How many there are of each verdict.
    pub(in super::super) verdicts: BTreeMap<Verdict, usize>,
    /// The greatest age that is known, milliseconds.
    pub(in super::super) oldest_age_ms: Option<i64>,
    /// How far the worst is over its ceiling, milliseconds.
    pub(in super::super) worst_over_ms: Option<i64>,
    /// The workspaces with a turn in flight that its adapter owns, the oldest first.
    pub(in super::super) in_flight: Vec<String>,
}

impl Census {
    /// Counts turns, the oldest first. At most `named` workspaces are named.
    pub(super) fn of(turns: &[Turn], named: usize) -> Self {
        let mut census = Self::default();
        for turn in turns {
            *census.verdicts.entry(turn.verdict).or_default() += 1;
            census.oldest_age_ms = census.oldest_age_ms.max(turn.age_ms);
            census.worst_over_ms = census.worst_over_ms.max(turn.over_by_ms);
            let flies = !matches!(turn.verdict, Verdict::Idle | Verdict::NotNative);
            if flies && census.in_flight.len() < named {
                census.in_flight.push(turn.workspace_id.clone());
            }
        }
        census
    }
}
