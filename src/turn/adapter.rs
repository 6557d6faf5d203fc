//! What is known of adapters: built in, and from `cronctl.toml`.

use std::collections::BTreeMap;

/// The ceiling where nothing names one: 30 minutes (RFC #1690).
pub const CEILING_MS: i64 = 1_800_000;

/// What is known of the workspaces of one runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapter {
    /// Whether its SDK owns the turn, and what says so.
    pub native_session: Option<(bool, String)>,
    /// Whether it reports its turns in `active_tasks`.
    pub reports_busy: Option<bool>,
    /// Whether it can cancel a turn, and what says so.
    pub steerable: Option<(bool, String)>,
    /// Its ceiling in milliseconds, 0 for none, and where that is set (`cronctl.toml:7`).
    pub ceiling_ms: Option<(i64, String)>,
}

/// The adapters by runtime name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adapters(pub BTreeMap<String, Adapter>);

impl Adapters {
    /// What the real adapters of May 2026 declare and do (`molecule.md` §4: claude-code and hermes
    /// declare a native session; only claude-code and openclaw report busy; hermes cannot cancel).
    pub fn built_in() -> Self {
        unimplemented!()
    }

    /// Returns what is known of a runtime.
    pub fn get(&self, runtime: Option<&str>) -> Option<&Adapter> {
        self.0.get(runtime?)
    }
}
