//! What checks may know.

use crate::job::Job;
use crate::model::{ModelSettings, Rows, RunRecord};
use crate::openclaw::Confidence;
use crate::schedule::{Rules, Version};

/// What checks may know.
#[derive(Clone)]
pub struct Facts<'a> {
    /// The instant of evaluation, epoch milliseconds.
    pub now_ms: i64,
    /// The sources; [`Job::source`] is an index into them.
    pub sources: Vec<SourceFacts<'a>>,
    /// The jobs of all sources, disabled ones included.
    pub jobs: &'a [Job],
    /// The last finished run of each job, by its index; `None` where no record is known.
    pub last_runs: Vec<Option<&'a RunRecord>>,
}

/// What is known about a source.
#[derive(Clone)]
pub struct SourceFacts<'a> {
    /// Its short name.
    pub tag: &'a str,
    /// The file that its jobs are in.
    pub store: &'a str,
    /// Whether an OpenClaw gateway fires its jobs.
    pub gateway: bool,
    /// The rules that hold.
    pub rules: Rules,
    /// How sure the rules are.
    pub confidence: Confidence,
    /// The version that the gateway is going to have, when it is another than the one found.
    pub target: Option<Version>,
    /// `cron.enabled` of the configuration, when present.
    pub cron_enabled: Option<bool>,
    /// `cron.maxConcurrentRuns` of the configuration, when present.
    pub max_concurrent_runs: Option<u32>,
    /// What its configuration says; `None` for sources without one.
    pub config: Option<GatewayFacts<'a>>,
    /// What in it cannot be used.
    pub unusable: Vec<Unusable>,
}

impl SourceFacts<'_> {
    /// Returns the OpenClaw version whose rules hold; `None` for other schedulers.
    pub fn version(&self) -> Option<Version> {
        match self.rules {
            Rules::OpenClaw(version) if self.gateway => Some(version),
            _ => None,
        }
    }
}

/// What a gateway's configuration says.
#[derive(Clone)]
pub struct GatewayFacts<'a> {
    /// The configuration file.
    pub file: &'a str,
    /// What it says about models and agents.
    pub settings: &'a ModelSettings,
    /// The gateway's session rows.
    pub rows: &'a dyn Rows,
    /// Keys that the version of the source refuses, or its target.
    pub refused: Vec<RefusedKey>,
    /// Variables that are not set here, with the key path of one use.
    pub missing: Vec<(String, String)>,
}

/// A key that a version does not accept as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedKey {
    /// The file that it is in.
    pub file: String,
    /// Its key path.
    pub path: String,
    /// The version.
    pub version: Version,
    /// What becomes of it when the gateway starts all the same; `None` when it does not start.
    pub migrated: Option<String>,
    /// Since or until when it is a key, when that is known.
    pub why: Option<String>,
    /// The accepted key that it was probably meant to be.
    pub nearest: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A part of the input that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Where it is.
    pub at: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether it is the configuration as a whole.
    pub config: bool,
}
