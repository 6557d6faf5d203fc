//! What `plan` answers: one serialisable value, its rows, and the numbers that explain them.
//!
//! Instants are given twice, as RFC 3339 (`…_at`) and as epoch milliseconds (`…_at_ms`); durations in
//! milliseconds (`…_ms`); unknown is `null`.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::Problem;
use crate::job::RunLengthOrigin;
use crate::plan::{DispatchReport, Peak};
use crate::source::SourceInfo;

/// `cronctl.plan/1`: the plan by bursts.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct PlanReport {
    /// What holds for the whole horizon.
    #[serde(flatten)]
    pub summary: Summary,
    /// The bursts, by their instant.
    pub bursts: Vec<BurstRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
    /// Whether a person sees the overview instead of the bare table of bursts.
    #[serde(skip)]
    #[schemars(skip)]
    pub overview: bool,
    /// How many bursts the overview has no row for.
    #[serde(skip)]
    #[schemars(skip)]
    pub smaller: u64,
}

/// `cronctl.plan.fires/1`: the plan fire by fire.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct FiresReport {
    /// What holds for the whole horizon.
    #[serde(flatten)]
    pub summary: Summary,
    /// The fires, by their planned start.
    pub fires: Vec<FireRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What holds for the whole horizon.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// What the plan rests on.
    pub inputs: Inputs,
    /// The jobs that were read.
    pub jobs: JobCounts,
    /// Occurrences in the horizon.
    pub occurrences: u64,
    /// Ticks with at least `inputs.burst` jobs.
    pub burst_count: u64,
    /// Occurrences on such ticks.
    pub in_bursts: u64,
    /// Peaks before (as the source makes jobs due) and after (as planned), without any cap: first in
    /// total (`group` null), then per group.
    pub peaks: Vec<GroupPeaks>,
    /// The same peaks with the models as the jobs declare them (`--honour both`); else null.
    pub peaks_declared: Option<Vec<GroupPeaks>>,
    /// What each source's own slots make of it.
    pub dispatch: Vec<SourceDispatch>,
    /// Which run lengths were used.
    pub run_lengths: Vec<RunLengthUse>,
    /// Starts of the biggest burst, before and after; null without bursts.
    pub histogram: Option<Histogram>,
    /// The busiest second of each bin of the horizon.
    pub skyline: Skyline,
    /// What to know about this plan.
    pub findings: Vec<Finding>,
}

/// What the plan rests on.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Inputs {
    /// Where jobs came from.
    pub sources: Vec<SourceInfo>,
    /// Start of the horizon (inside).
    pub from_at: String,
    /// The same, epoch milliseconds.
    pub from_at_ms: i64,
    /// End of the horizon (outside).
    pub until_at: String,
    /// The same, epoch milliseconds.
    pub until_at_ms: i64,
    /// The strategy: `none`, `native`, `spread`, `gap`, `hash`, `random`, `fit`.
    pub jitter: String,
    /// The window of a windowed strategy.
    pub window_ms: Option<i64>,
    /// The least gap (`gap`).
    pub gap_min_ms: Option<i64>,
    /// The most (`gap`).
    pub gap_max_ms: Option<i64>,
    /// The peak aimed at (`--max-concurrent`).
    pub max_concurrent: Option<u32>,
    /// What random draws came from.
    pub seed: u64,
    /// The fewest jobs that make a burst.
    pub burst: usize,
    /// Whether the source's own stagger was left out.
    pub restagger: bool,
    /// What peaks are grouped by.
    pub group_by: String,
    /// Which model a job's is: its own word, or what its gateway resolves. Jobs whose gateway is not
    /// known count as they declare.
    pub model: ModelBasis,
    /// The version whose rules resolved the models, by source; null where they are not resolved.
    pub model_versions: Vec<Option<String>>,
    /// Version and place of the time zone data.
    pub tzdata: String,
}

/// What a model rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelBasis {
    /// What the job declares.
    Declared,
    /// What its gateway resolves.
    Effective,
}

/// The jobs that were read, by what became of them. They add up to `read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct JobCounts {
    /// All.
    pub read: usize,
    /// Planned: enabled, with a schedule that a clock fires.
    pub planned: usize,
    /// Disabled: neither planned nor counted anywhere else.
    pub disabled: usize,
    /// Fired by something other than a clock (`on-exit`, `stream`), or by nothing.
    pub without_clock: usize,
    /// Refused: the scheduler would not accept the schedule (see `problems`).
    pub refused: usize,
}

/// Peaks of one group.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct GroupPeaks {
    /// The group; null for the total.
    pub group: Option<String>,
    /// Jobs in it.
    pub jobs: usize,
    /// As the source makes them due.
    pub before: Peak,
    /// As planned.
    pub after: Peak,
}

/// What one source's slots make of the plan.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct SourceDispatch {
    /// The source's tag.
    pub source: String,
    /// The rule in words.
    pub rule: String,
    /// Where the rule comes from.
    pub origin: String,
    /// With what the source makes due by itself.
    pub before: DispatchReport,
    /// With the planned starts.
    pub after: DispatchReport,
}

/// How many jobs have a run length of one origin.
#[derive(Clone, Copy, Debug, Serialize, schemars::JsonSchema)]
pub struct RunLengthUse {
    /// Where they come from.
    pub origin: RunLengthOrigin,
    /// How many jobs.
    pub jobs: usize,
    /// The shortest.
    pub shortest_ms: i64,
    /// The middle one.
    pub median_ms: i64,
    /// The longest.
    pub longest_ms: i64,
}

/// Starts per bin from `from_at_ms` on.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Histogram {
    /// Where the first bin begins.
    pub from_at: String,
    /// The same, epoch milliseconds.
    pub from_at_ms: i64,
    /// How long a bin is.
    pub bin_ms: i64,
    /// Starts in each bin, before.
    pub before: Vec<u64>,
    /// Starts in each bin, after.
    pub after: Vec<u64>,
}

/// The busiest second of each bin of the horizon.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Skyline {
    /// How long a bin is; the first begins with the horizon.
    pub bin_ms: i64,
    /// Most starts within one second, before.
    pub before: Vec<u32>,
    /// Most starts within one second, after.
    pub after: Vec<u32>,
}

/// One thing to know about a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// What kind, stable: for scripts.
    pub kind: FindingKind,
    /// Whether it is a warning or only information.
    pub warning: bool,
    /// The sentence.
    pub text: String,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// The window is shorter than the runs: it lowers the start rate only.
    WindowBelowRunLength,
    /// The window that a lower peak needs.
    WindowForPeak,
    /// Jobs whose source staggers them, left where they are or in bursts at their staggered instants.
    SourceStagger,
    /// Lines of crontabs that wait by `cronctl jitter`, for so long as is not known beforehand.
    PrefixNotCounted,
    /// Jobs on a burst tick to which no stagger of the source applies, and why.
    NoStagger,
    /// The gateway resolves other models than the jobs declare.
    ModelsNotHonoured,
    /// The source's tick is coarser than the jitter.
    CoarseTick,
    /// Jobs that wait for a slot.
    Queue,
    /// Runs that hold a slot and wait for the one model call that the gateway makes at a time.
    OneLane,
    /// Occurrences that never fire because the job before still runs or waits.
    Coalesced,
    /// Starts pulled back before the job's own next instant.
    Clipped,
    /// The target peak is exceeded because bursts overlap.
    PeakAboveTarget,
    /// A schedule that never fires.
    NeverFires,
    /// The scheduler is switched off.
    CronDisabled,
    /// The store's next run differs from the schedule.
    RecordedNextDiffers,
}

/// One burst.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct BurstRow {
    /// When its jobs are due, UTC.
    pub at: String,
    /// The same, epoch milliseconds.
    pub at_ms: i64,
    /// The same in the zone of its jobs; in UTC where they name several.
    pub local_at: String,
    /// What `local_at` is written in, for reading.
    #[serde(skip)]
    #[schemars(skip)]
    pub tz: TimeZone,
    /// That zone.
    pub zone: String,
    /// How many jobs.
    pub jobs: usize,
    /// Their sources.
    pub sources: Vec<String>,
    /// Most starts in one second, before.
    pub starts_per_second_before: u32,
    /// The same, after.
    pub starts_per_second_after: u32,
    /// Most of its runs at once, before, without any cap.
    pub concurrent_before: u32,
    /// The same, after.
    pub concurrent_after: u32,
    /// The same by group, most jobs first.
    pub groups: Vec<BurstGroupRow>,
    /// The first planned start.
    pub first_at_ms: i64,
    /// The last planned start.
    pub last_at_ms: i64,
    /// From the first to the last.
    pub span_ms: i64,
    /// The shortest of its runs.
    pub shortest_run_ms: i64,
    /// The longest of its runs.
    pub longest_run_ms: i64,
    /// The peak that `window_for_peak_ms` is about.
    pub peak: u32,
    /// The smallest window in which its runs, evenly spaced, overlap at most `peak` deep.
    pub window_for_peak_ms: i64,
    /// Starts pulled back before the job's own next instant.
    pub clipped: u32,
}

/// The part of a burst that belongs to one group.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct BurstGroupRow {
    /// The group.
    pub group: String,
    /// How many jobs.
    pub jobs: u32,
    /// Most starts in one second, before.
    pub starts_per_second_before: u32,
    /// The same, after.
    pub starts_per_second_after: u32,
    /// Most runs at once, before, without any cap.
    pub concurrent_before: u32,
    /// The same, after.
    pub concurrent_after: u32,
}

/// One fire.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct FireRow {
    /// Where the plan puts it, UTC.
    pub planned_at: String,
    /// The same, epoch milliseconds.
    pub planned_at_ms: i64,
    /// The same in the job's zone.
    pub local_at: String,
    /// What `local_at` is written in, for reading.
    #[serde(skip)]
    #[schemars(skip)]
    pub tz: TimeZone,
    /// The job's id.
    pub job: String,
    /// Its name.
    pub name: Option<String>,
    /// Its source.
    pub source: String,
    /// Its agent.
    pub agent: Option<String>,
    /// Its workspace.
    pub workspace: Option<String>,
    /// The provider of the model; null when none is called, or none is named.
    pub provider: Option<String>,
    /// The model; null when none is called, or none is named.
    pub model: Option<String>,
    /// Whether that is what the gateway resolves, or only what the job declares.
    pub model_basis: ModelBasis,
    /// The model as the job declares it.
    pub model_declared: Option<String>,
    /// What the schedule says, epoch milliseconds.
    pub nominal_at_ms: i64,
    /// When the source makes it due, epoch milliseconds.
    pub native_at_ms: i64,
    /// What the source adds to the nominal instant.
    pub stagger_ms: i64,
    /// Why so much.
    pub stagger_reason: Cow<'static, str>,
    /// What the plan adds to the instant at which the job enters its tick.
    pub jitter_ms: i64,
    /// Jobs on its tick, itself included.
    pub on_tick: u32,
    /// Whether it was pulled back before the job's own next instant.
    pub clipped: bool,
    /// The run length used.
    pub run_ms: i64,
    /// Where it comes from.
    pub run_length_origin: RunLengthOrigin,
}
