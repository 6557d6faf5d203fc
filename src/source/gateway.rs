//! What a source knows about the gateway that runs its jobs.

use std::path::PathBuf;

use crate::model::ModelSettings;
use crate::openclaw::config::Config;
use crate::openclaw::history::History;
use crate::openclaw::sessions::Sessions;
use crate::openclaw::version::Decision;

/// The gateway of a source, as far as it can be known offline.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The configuration; `None` when there is none, or none that can be used.
    pub config: Option<Config>,
    /// What the configuration says about models; `None` as for [`Self::config`].
    pub settings: Option<ModelSettings>,
    /// The session rows; empty and [`crate::openclaw::sessions::Store::NotRead`] with [`super::Want::Jobs`] and for sources
    /// without a state directory.
    pub sessions: Sessions,
    /// The finished runs; the records are kept with [`super::Want::Models`] only.
    pub history: History,
    /// The version whose rules hold, and everything that speaks for and against it.
    pub version: Decision,
    /// The state directory; `None` for sources without one (`--demo`, `--jobs` with `--config`).
    pub state_dir: Option<PathBuf>,
}
