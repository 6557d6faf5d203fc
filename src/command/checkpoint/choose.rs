//! Which turns are to be freed.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::openclaw::Confidence;
use crate::turn::{Turn, Verdict};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    /// These workspaces only.
    pub(super) ids: Option<&'a BTreeSet<String>>,
    /// Only turns over their ceiling.
    pub(super) over: bool,
    /// Only where that is certain.
    pub(super) certain: bool,
}

/// Turns of the workspaces in question that are left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftAlone {
    /// Not older than the ceiling.
    pub under: usize,
    /// In flight, and of an age that is not known well enough: they may be over.
    pub unknown: usize,
    /// Over by an estimate, which `--certain` leaves alone.
    pub estimated: usize,
    /// Over, and it is not known whether the adapter owns the turn.
    pub not_known_native: usize,
    /// The platform owns the turn.
    pub not_native: usize,
    /// The ceiling is off.
    pub off: usize,
    /// Their start lies in the future: a clock is wrong.
    pub skewed: usize,
    /// Nothing is in flight.
    pub idle: usize,
    /// In a loop: asked for lately, and not asked again yet.
    pub resting: usize,
}

impl Wish<'_> {
    /// Where a turn is counted that is left alone.
    ///
    /// With a ceiling in question, those are freed that are over it, owned by their adapter, and whose
    /// ceiling is not off. Else every turn of the workspaces that were named; one that shows none is
    /// asked all the same, since not every adapter reports its turns.
    fn fate(self, turn: &Turn) -> Fate {
        if self
            .ids
            .is_some_and(|ids| !ids.contains(&turn.workspace_id))
        {
            return Fate::NotMeant;
        }
        if !self.over {
            return Fate::Freed;
        }
        match turn.verdict {
            Verdict::Over if turn.native_session != Some(true) => {
                Fate::Left(|left| &mut left.not_known_native)
            }
            Verdict::Over if self.certain && turn.confidence != Confidence::Certain => {
                Fate::Left(|left| &mut left.estimated)
            }
            Verdict::Over => Fate::Freed,
            Verdict::Unknown => Fate::Left(|left| &mut left.unknown),
            Verdict::Skewed => Fate::Left(|left| &mut left.skewed),
            Verdict::Off => Fate::Left(|left| &mut left.off),
            Verdict::NotNative => Fate::Left(|left| &mut left.not_native),
            Verdict::Idle => Fate::Left(|left| &mut left.idle),
            // The last two are of OpenClaw's gateway, which is asked in another way.
            Verdict::Under | Verdict::Leaked | Verdict::Running => {
                Fate::Left(|left| &mut left.under)
            }
        }
    }

    /// Whether a turn is to be freed.
    pub(super) fn frees(self, turn: &Turn) -> bool {
        matches!(self.fate(turn), Fate::Freed)
    }
}

/// What becomes of a turn.
enum Fate {
    /// It is to be freed.
    Freed,
    /// It is left alone, and counted there.
    Left(fn(&mut LeftAlone) -> &mut usize),
    /// It is of another workspace.
    NotMeant,
}

/// Returns the turns to free in their order, which is the oldest first, and counts the others.
pub(super) fn choose(turns: Vec<Turn>, wish: Wish<'_>) -> (Vec<Turn>, LeftAlone) {
    let mut left = LeftAlone::default();
    let freed = turns.into_iter().filter(|turn| match wish.fate(turn) {
        Fate::Freed => true,
        Fate::Left(count) => {
            *count(&mut left) += 1;
            false
        }
        Fate::NotMeant => false,
    });
    (freed.collect(), left)
}

#[cfg(test)]
mod tests {
    use super::super::sample::turn;
    use super::*;

    #[test]
    fn over_means_over_native_and_not_off() {
        let mut not_known = turn("not-known", Verdict::Over);
        not_known.native_session = None;
        let mut estimated = turn("estimated", Verdict::Over);
        estimated.confidence = Confidence::Likely;
        let turns = vec![
            turn("c", Verdict::Over),
            estimated,
            not_known,
            turn("a", Verdict::Under),
            turn("d", Verdict::NotNative),
            turn("e", Verdict::Idle),
            turn("f", Verdict::Unknown),
            turn("g", Verdict::Skewed),
            turn("h", Verdict::Off),
        ];
        let wish = Wish {
            ids: None,
            over: true,
            certain: false,
        };
        let ids = |turns: &[Turn]| -> Vec<String> {
            turns.iter().map(|t| t.workspace_id.clone()).collect()
        };
        let (chosen, left) = choose(turns.clone(), wish);
        assert_eq!(ids(&chosen), ["c", "estimated"]);
        let expected = LeftAlone {
            under: 1,
            unknown: 1,
            estimated: 0,
            not_known_native: 1,
            not_native: 1,
            off: 1,
            skewed: 1,
            idle: 1,
            resting: 0,
        };
        assert_eq!(left, expected);

        let certain = Wish {
            certain: true,
            ..wish
        };
        let (chosen, left) = choose(turns.clone(), certain);
        assert_eq!(ids(&chosen), ["c"]);
        assert_eq!(left.estimated, 1);

        let named = ["a".to_owned(), "e".to_owned()].into();
        let (chosen, left) = choose(
            turns.clone(),
            Wish {
                ids: Some(&named),
                over: false,
                certain: false,
            },
        );
        assert_eq!(ids(&chosen), ["a", "e"]);
        assert_eq!(left, LeftAlone::default());

        let both = Wish {
            ids: Some(&named),
            ..wish
        };
        assert_eq!(choose(turns, both).0, []);
    }
}
