//! What must hold after any fault.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::Attempt;
use super::platform::{Asked, Platform};
use super::{Ended, World};

/// Every request that the platform saw stands in the ledger: each time it was sent, it was recorded.
pub(crate) fn all_recorded(asked: &[Asked], attempts: &[Attempt]) {
    let mut recorded: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| !attempt.is_withdrawn()) {
        let key = (&*attempt.workspace, &*attempt.request_id);
        *recorded.entry(key).or_default() += 1;
    }
    for asked in asked {
        let left = recorded.get_mut(&(&*asked.workspace, &*asked.request_id));
        let left = left.filter(|left| **left > 0);
        *left.unwrap_or_else(|| panic!("it was not recorded: {asked:?}")) -= 1;
    }
}

/// A turn is asked for under one id; under the next one only once the one before was accepted, and that
/// was recorded.
pub(crate) fn one_id_per_turn(attempts: &[Attempt]) {
    let mut turns: BTreeMap<(&str, &str), Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        let turn = (&*attempt.workspace, &*attempt.turn_key);
        turns.entry(turn).or_default().push(attempt);
    }
    for (turn, attempts) in turns {
        let mut ids: BTreeMap<u32, &str> = BTreeMap::new();
        for (n, attempt) in attempts.iter().enumerate() {
            let id = *ids.entry(attempt.round).or_insert(&attempt.request_id);
            assert_eq!(id, attempt.request_id, "{turn:?}: two ids in one round");
            let accepted =
                |before: &&&Attempt| before.round + 1 == attempt.round && before.is_accepted();
            let follows = attempt.round == 0 || attempts[..n].iter().any(|a| accepted(&a));
            assert!(follows, "{turn:?}: {attempts:?}");
        }
    }
}

/// After a loop that was ended: each of these turns, and no other, was freed by one request id;
/// whatever was sent is recorded, and how it ended.
pub(crate) fn freed(platform: &Platform, world: &World, ended: &Ended, turns: &[&str]) {
    ended.is_sound();
    let (asked, attempts) = (platform.asked(), world.attempts());
    all_recorded(&asked, &attempts);
    one_id_per_turn(&attempts);
    let wanted: BTreeSet<&str> = turns.iter().copied().collect();
    for (turn, fate) in platform.fates() {
        let times = usize::from(wanted.contains(&*turn));
        assert_eq!(fate.carried.len(), times, "{turn}: {fate:?}\n{ended}");
        assert_eq!(fate.gone, times == 1, "{turn}\n{ended}");
    }
    let open: Vec<_> = attempts.iter().filter(|a| a.outcome.is_none()).collect();
    assert!(open.is_empty(), "{open:?}\n{ended}");
}
