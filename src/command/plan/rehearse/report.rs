//! What a rehearsal answers: `cronctl.rehearsal/1`.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Serialize;

use crate::command::plan::report::{JobCounts, RunLengthUse};
use crate::error::Problem;
use crate::openclaw::Confidence;
use crate::rehearsal::{Figures, ProviderFigures, Span, percentile};
use crate::source::SourceInfo;
use crate::when;

/// `cronctl.rehearsal/1`: what a failing provider makes of the plan, side by side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RehearsalReport {
    /// What the rehearsal rests on.
    pub inputs: Inputs,
    /// The jobs that were read.
    pub jobs: JobCounts,
    /// Which run lengths were used.
    pub run_lengths: Vec<RunLengthUse>,
    /// The four ways to play it.
    pub scenarios: Vec<ScenarioRow>,
    /// Where the scenarios' bins lie; null when nobody calls.
    pub timeline: Option<TimelineSpan>,
    /// What it means.
    pub findings: Vec<Finding>,
    /// The rules that it was played by, with what they rest on.
    pub rules: Vec<RuleRow>,
    /// What is doubtful although the answer stands.
    pub warnings: Vec<String>,
    /// What was skipped.
    pub problems: Vec<Problem>,
}

/// What a rehearsal rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inputs {
    /// Where jobs came from.
    pub sources: Vec<SourceInfo>,
    /// Start of the horizon (inside).
    pub from_at: String,
    /// The same, epoch milliseconds.
    pub from_at_ms: i64,
    /// End of the horizon (outside). Runs due inside are played to their end.
    pub until_at: String,
    /// The same, epoch milliseconds.
    pub until_at_ms: i64,
    /// The strategy of the scenarios with jitter: `none`, `native`, `spread`, …
    pub jitter: String,
    /// The window of a windowed strategy.
    pub window_ms: Option<i64>,
    /// The least gap (`gap`).
    pub gap_min_ms: Option<i64>,
    /// The most (`gap`).
    pub gap_max_ms: Option<i64>,
    /// The peak aimed at (`fit`).
    pub max_concurrent: Option<u32>,
    /// What random draws came from; each further run takes the next number.
    pub seed: u64,
    /// How many times each scenario was played.
    pub runs: u64,
    /// What goes wrong.
    pub faults: Vec<FaultUse>,
    /// How many calls providers serve at once; others any number.
    pub capacity: Vec<CapacityUse>,
    /// The restart that it begins with; null without one.
    pub restart: Option<RestartUse>,
    /// How long a refused call is taken to last.
    pub failed_call_ms: i64,
    /// The version whose rules resolved the models, by source; null where they are not resolved.
    pub model_versions: Vec<Option<String>>,
    /// Version and place of the time zone data.
    pub tzdata: String,
}

/// One `--what-if`, as it was read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FaultUse {
    /// As written.
    pub text: String,
    /// The provider or model.
    pub target: String,
    /// Whether any job may call it.
    pub called: bool,
    /// The name that was probably meant, when nobody calls it; null without one.
    pub nearest: Option<String>,
    /// How likely each call fails.
    pub probability: f64,
    /// The zone in which times of day were read, and why; null for instants.
    pub zone: Option<String>,
    /// When; null for always.
    pub spans: Option<Vec<SpanUse>>,
}

/// A stretch of time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SpanUse {
    /// Its start (inside).
    pub from_at: String,
    /// The same, epoch milliseconds.
    pub from_at_ms: i64,
    /// Its end (outside).
    pub until_at: String,
    /// The same, epoch milliseconds.
    pub until_at_ms: i64,
}

impl SpanUse {
    pub(super) fn of(span: &Span) -> Self {
        Self {
            from_at: when::utc(span.from_ms),
            from_at_ms: span.from_ms,
            until_at: when::utc(span.until_ms),
            until_at_ms: span.until_ms,
        }
    }
}

/// One `--capacity`, as it was read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CapacityUse {
    /// The provider.
    pub provider: String,
    /// Calls that it serves at once.
    pub calls: u32,
    /// Whether any job may call it.
    pub called: bool,
    /// The name that was probably meant, when nobody calls it; null without one.
    pub nearest: Option<String>,
}

/// The restart that a rehearsal begins with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RestartUse {
    /// When the gateways start.
    pub restart_at: String,
    /// The same, epoch milliseconds.
    pub restart_at_ms: i64,
    /// Since when they are down (`--down-since`); null where the store's record alone counts.
    pub down_since_at: Option<String>,
    /// The same, epoch milliseconds.
    pub down_since_at_ms: Option<i64>,
    /// What each makes up.
    pub gateways: Vec<RestartRule>,
}

/// What one gateway makes up, by which rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RestartRule {
    /// The source.
    pub source: String,
    /// The version whose rule it is.
    pub version: String,
    /// The rule, in words.
    pub rule: String,
    /// How sure it is that the version has this rule.
    pub rule_confidence: Confidence,
    /// Missed jobs that run at once, one after the other.
    pub immediate: usize,
    /// Missed jobs that are due later.
    pub deferred: usize,
    /// Jobs that resume after an error backoff: no catch-up.
    pub resumed: usize,
    /// Jobs whose missed slots are dropped.
    pub dropped: usize,
}

/// One way to play the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// What the source does today, with the models as its gateway resolves them.
    AsIs,
    /// Starts as the plan places them.
    Jitter,
    /// Models as the jobs declare them: `payload.model` is authoritative for isolated sessions.
    Honoured,
    /// Both.
    Both,
}

impl Scenario {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::AsIs, Self::Jitter, Self::Honoured, Self::Both];

    /// Whether starts are moved.
    pub fn jitter(self) -> bool {
        matches!(self, Self::Jitter | Self::Both)
    }

    /// Whether declared models are honoured.
    pub fn honoured(self) -> bool {
        matches!(self, Self::Honoured | Self::Both)
    }

    /// Its name, as in the rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Jitter => "jitter",
            Self::Honoured => "honoured",
            Self::Both => "both",
        }
    }

    /// Its name, as in a sentence.
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::AsIs => "as it is",
            _ => self.word(),
        }
    }
}

/// What one way to play comes to: the medians of all runs, by nearest rank.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScenarioRow {
    /// Which way.
    pub scenario: Scenario,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// Their 5th percentiles; null of a single run.
    pub low: Option<Figures>,
    /// Their 95th percentiles; null of a single run.
    pub high: Option<Figures>,
    /// The calls by provider, in the order of their names.
    pub providers: Vec<ProviderRow>,
    /// Calls begun per bin of the timeline, in the run with the first seed.
    pub calls_per_bin: Vec<u64>,
    /// Of them, those that failed.
    pub failed_per_bin: Vec<u64>,
}

/// The calls of one provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProviderRow {
    /// Its name.
    pub provider: String,
    /// How many calls it serves at once; null for any number.
    pub capacity: Option<u32>,
    /// The figures.
    #[serde(flatten)]
    pub figures: ProviderFigures,
    /// Their 5th percentiles; null of a single run.
    pub low: Option<ProviderFigures>,
    /// Their 95th percentiles; null of a single run.
    pub high: Option<ProviderFigures>,
}

impl ScenarioRow {
    pub(super) fn new(
        scenario: Scenario,
        all: &[Figures],
        providers: &[String],
        capacity: &[Option<u32>],
    ) -> Self {
        let many = all.len() > 1;
        let figures = percentile(all, 50);
        let low = many.then(|| percentile(all, 5));
        let high = many.then(|| percentile(all, 95));
        let of = |figures: &Option<Figures>, at: usize| figures.as_ref().map(|f| f.providers[at]);
        let row = |(at, name): (usize, &String)| ProviderRow {
            provider: name.clone(),
            capacity: capacity[at],
            figures: figures.providers[at],
            low: of(&low, at),
            high: of(&high, at),
        };
        let mut providers: Vec<ProviderRow> = providers.iter().enumerate().map(row).collect();
        providers.sort_by(|a, b| a.provider.cmp(&b.provider));
        Self {
            scenario,
            figures,
            low,
            high,
            providers,
            calls_per_bin: Vec::new(),
            failed_per_bin: Vec::new(),
        }
    }
}

/// Where bins lie.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TimelineSpan {
    /// Start of the first.
    pub from_at: String,
    /// The same, epoch milliseconds.
    pub from_at_ms: i64,
    /// Length of each, milliseconds.
    pub bin_ms: i64,
    /// How many there are.
    pub bins: usize,
    /// The zone in which a person reads them.
    #[serde(skip)]
    #[schemars(skip)]
    pub tz: TimeZone,
}

/// One thing that a rehearsal shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What kind, stable: for scripts.
    pub kind: FindingKind,
    /// Whether it is a warning or only information.
    pub warning: bool,
    /// The sentence.
    pub text: String,
}

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// What the faults make of the plan as it is.
    Outcome,
    /// What jitter changes.
    Jitter,
    /// What honouring declared models changes.
    Honoured,
    /// What both change.
    Both,
    /// Whether fallbacks helped.
    Fallback,
    /// Runs that their own time-out ended.
    TimedOut,
    /// Jobs that were switched off.
    SwitchedOff,
    /// Runs that are made up after a restart.
    CatchUp,
    /// Agent turns run one at a time.
    Lane,
    /// Cron of a source is switched off.
    CronDisabled,
    /// Nobody calls a name of `--what-if` or `--capacity`.
    NotCalled,
    /// Jobs of which it is not known what they call.
    NotSimulated,
    /// Jobs of which only the declared model is known.
    FallbacksUnknown,
}

/// One rule of the rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleRow {
    /// The source that it holds for; null for all.
    pub source: Option<String>,
    /// What it says.
    pub rule: String,
    /// How sure that is.
    pub sureness: Sureness,
    /// What it rests on.
    pub origin: String,
}

/// How sure a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sureness {
    /// Recorded, or read, of this very version.
    Certain,
    /// That of the nearest version that was looked at.
    Likely,
    /// A simplification.
    Assumed,
}

impl Sureness {
    /// That of a rule of its version.
    pub(super) fn of(confidence: Confidence) -> Self {
        match confidence {
            Confidence::Certain => Self::Certain,
            Confidence::Likely => Self::Likely,
            Confidence::Assumed => Self::Assumed,
        }
    }

    /// Returns it as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Assumed => "assumed",
        }
    }
}
