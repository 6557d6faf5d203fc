//! Everything that one look at a platform gave.

use std::collections::BTreeMap;

use super::platform::{Activity, CeilingSetting, ListedTurn, Schedule, Workspace};

/// What a platform said, at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The tag of the source: the platform's address without credentials, or `demo`.
    pub source: String,
    /// When it was asked, epoch milliseconds: our clock, or `--now`.
    pub taken_at_ms: i64,
    /// The platform's clock less ours, milliseconds; `None` when not known, or `--now` was given.
    /// Instants that the platform names are judged against `taken_at_ms` plus this.
    pub clock_offset_ms: Option<i64>,
    /// `GET /workspaces`.
    pub workspaces: Vec<Workspace>,
    /// `GET /admin/turns`.
    pub turns: TurnsRoute,
    /// Whether that list may lack turns: it was cut at its limit, or has fewer rows than it says.
    pub turns_cut: bool,
    /// `GET /workspaces/:id/activity` by workspace, newest first. Absent: not asked, or not got.
    pub activity: BTreeMap<String, Vec<Activity>>,
    /// `GET /workspaces/:id/config` by workspace. Absent: not asked, or not got.
    pub ceilings: BTreeMap<String, CeilingSetting>,
    /// `GET /workspaces/:id/schedules` by workspace. Absent: not asked, or not got.
    pub schedules: BTreeMap<String, Vec<Schedule>>,
}

/// Whether the platform lists turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TurnsRoute {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It has no such route, or did not answer it: why.
    Missing(String),
    /// It does.
    Listed(Vec<ListedTurn>),
}

impl Snapshot {
    /// When a listed turn started, epoch milliseconds by the platform's clock: as it says, or by the age that
    /// it names.
    pub fn listed_start_ms(&self, turn: &ListedTurn) -> Option<i64> {
        turn.started_at_ms.or_else(|| {
            let age_ms = turn.turn_age_seconds?.saturating_mul(1_000);
            Some(self.platform_now_ms().saturating_sub(age_ms))
        })
    }

    /// The instant of the snapshot by the platform's clock, epoch milliseconds.
    pub fn platform_now_ms(&self) -> i64 {
        self.taken_at_ms
            .saturating_add(self.clock_offset_ms.unwrap_or(0))
    }
}
