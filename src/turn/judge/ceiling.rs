//! The ceiling of a workspace, and where it is set.

use rustc_hash::FxHashSet;

use super::case::Case;
use crate::error::Problem;
use crate::turn::{
    Adapter, Adapters, CEILING_MS, CeilingSetting, ListedTurn, Snapshot, TurnsRoute,
};

/// A ceiling.
pub(super) struct Ceiling {
    /// Milliseconds; 0 when it is off; `None` when it is wrongly configured.
    pub(super) ms: Option<i64>,
    /// Where it is set.
    pub(super) origin: String,
}

/// Whether a ceiling in the list of turns may be the default that the platform repeats where a workspace has
/// none of its own: the adapter's then goes before it, and only the configuration tells.
pub fn may_be_default(listed_seconds: i64, adapter: Option<&Adapter>) -> bool {
    ms(listed_seconds) == CEILING_MS && adapter.is_some_and(|a| a.ceiling_ms.is_some())
}

/// The workspaces whose listed ceiling may be the default, and whose configuration a look has not: the oldest
/// turn first.
pub fn unread_defaults(look: &Snapshot, adapters: &Adapters) -> Vec<String> {
    let TurnsRoute::Listed(rows) = &look.turns else {
        return Vec::new();
    };
    let open = |row: &&ListedTurn| {
        let adapter = adapters.get(row.runtime.as_deref());
        let seconds = row.ceiling_seconds;
        seconds.is_some_and(|seconds| may_be_default(seconds, adapter))
            && !look.ceilings.contains_key(&row.workspace_id)
    };
    let mut open: Vec<_> = rows.iter().filter(open).collect();
    open.sort_by_key(|row| look.listed_start_ms(row).unwrap_or(i64::MAX));
    let mut seen = FxHashSet::default();
    let ids = open.iter().map(|row| &row.workspace_id);
    ids.filter(|id| seen.insert(*id)).cloned().collect()
}

const CONFIG: &str = "runtime_config: native_session_ceiling_seconds";
const LISTED: &str = "platform: GET /admin/turns ceiling_seconds";

impl Case<'_> {
    /// Finds the ceiling: `--ceiling`, else the workspace's `runtime_config` (which the list of turns
    /// repeats), else the adapter's in `cronctl.toml`, else the default. A setting that is none is a
    /// problem, and nothing else is used in its place.
    pub(super) fn ceiling(&self) -> (Ceiling, Option<Problem>) {
        let set = |ms: i64, origin: &str| {
            let origin = origin.to_owned();
            (
                Ceiling {
                    ms: Some(ms),
                    origin,
                },
                None,
            )
        };
        if let Some(ms) = self.policy.ceiling_ms {
            return set(ms, "--ceiling");
        }
        let config = self.snapshot.ceilings.get(self.id);
        let own = self.adapter.and_then(|adapter| adapter.ceiling_ms.as_ref());
        match (config, self.listed.and_then(|turn| turn.ceiling_seconds)) {
            (Some(CeilingSetting::Wrong(what)), _) => self.wrong(CONFIG, what),
            // Where the configuration names none, the platform repeats the default.
            (Some(CeilingSetting::Absent), Some(seconds))
                if own.is_some() && ms(seconds) == CEILING_MS =>
            {
                let (own, origin) = own.map_or((CEILING_MS, ""), |(ms, at)| (*ms, at));
                set(own, origin)
            }
            (_, Some(seconds)) if seconds < 0 => self.wrong(LISTED, &seconds.to_string()),
            (_, Some(seconds)) => set(ms(seconds), LISTED),
            (Some(CeilingSetting::Seconds(seconds)), None) => {
                set(ms(i64::try_from(*seconds).unwrap_or(i64::MAX)), CONFIG)
            }
            (config, None) => {
                let read = config.is_some();
                match (own, read) {
                    (Some((ms, at)), true) => set(*ms, at),
                    (Some((ms, at)), false) => set(*ms, &format!("{at} (runtime_config not read)")),
                    (None, true) => set(CEILING_MS, "default (runtime_config names none)"),
                    (None, false) => set(CEILING_MS, "default (runtime_config not read)"),
                }
            }
        }
    }

    /// What is wrong with the ceiling of one with nothing in flight: only its configuration can be.
    pub(super) fn wrong_ceiling(&self) -> Option<Problem> {
        match self.snapshot.ceilings.get(self.id) {
            Some(CeilingSetting::Wrong(_)) => self.ceiling().1,
            _ => None,
        }
    }

    /// A setting that is none.
    fn wrong(&self, at: &str, what: &str) -> (Ceiling, Option<Problem>) {
        let problem = Problem::new(
            self.called(),
            format!(
                "{at} is {what}; it must be a whole number of seconds, 0 for no ceiling: \
                 its turns have no verdict"
            ),
        )
        .hint("correct it with PATCH /workspaces/:id/config, or give --ceiling");
        let ceiling = Ceiling {
            ms: None,
            origin: format!("{at} is {what}"),
        };
        (ceiling, Some(problem))
    }
}

/// Seconds as milliseconds.
fn ms(seconds: i64) -> i64 {
    seconds.saturating_mul(1_000)
}
