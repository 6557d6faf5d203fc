//! The options of `explain-model`.

use clap::Args;

use crate::model::{ModelRef, Policy};
use crate::schedule::Version;
use crate::source::SourceArgs;

/// Which model an isolated session really uses, by version, and why.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct ExplainModelArgs {
    /// Jobs by id, unique beginning of an id, or name [default: all]
    #[arg(value_name = "JOB")]
    pub job: Vec<String>,
    /// All jobs, one row each, as without JOB
    #[arg(long, conflicts_with = "job")]
    pub all: bool,

    /// Whose rules: the version's own, or the incident's fix (the payload is authoritative)
    #[arg(long, value_enum, default_value_t = Policy::Actual, hide_default_value = true)]
    pub policy: Policy,
    /// Suppose that a provider refuses a model: PROVIDER/MODEL=deny. May be repeated
    #[arg(long, value_name = "MODEL=deny", value_parser = denied)]
    pub what_if: Vec<ModelRef>,
    /// Only the jobs whose model, fallbacks or verdict differ between two versions, and why
    #[arg(long, value_name = "A,B", value_parser = versions, conflicts_with = "openclaw_version")]
    pub compare_versions: Option<Pair>,
    /// Exit with 5 when a job is like this: not-honoured, fails, unpinned, unknown, changed
    #[arg(long, value_name = "VERDICTS", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,

    /// A log of the gateway: what it says of candidates thrown back, beside each answer. May be repeated
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "compare_versions")]
    pub gateway_log: Vec<std::path::PathBuf>,

    /// Where the jobs come from.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Two versions to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub Version, pub Version);

/// What `--fail-on` looks for.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Another model runs than the one that the job declares
    NotHonoured,
    /// The run fails, or is skipped, over the choice of its model
    Fails,
    /// The job declares no model
    Unpinned,
    /// Not enough is known
    Unknown,
    /// The two versions differ (--compare-versions)
    Changed,
}

fn denied(text: &str) -> Result<ModelRef, String> {
    let (model, what) = text
        .rsplit_once('=')
        .ok_or("it is not of the form PROVIDER/MODEL=deny")?;
    if what.trim() != "deny" {
        return Err(format!(
            "{:?} is nothing that can be supposed; =deny says that the provider refuses the model",
            what.trim()
        ));
    }
    let (provider, model) = model
        .trim()
        .split_once('/')
        .filter(|(p, m)| !p.trim().is_empty() && !m.trim().is_empty())
        .ok_or("the model is not of the form PROVIDER/MODEL")?;
    Ok(ModelRef::new(provider.trim().to_lowercase(), model.trim()))
}

fn versions(text: &str) -> Result<Pair, String> {
    let (a, b) = text
        .split_once(',')
        .ok_or("two versions are needed, such as 2026.3.28,2026.9.6")?;
    let version = |text: &str| {
        text.trim()
            .parse::<Version>()
            .map_err(|error| error.to_string())
    };
    Ok(Pair(version(a)?, version(b)?))
}

const EXAMPLES: &str = "\
Examples:
  cronctl explain-model --demo
      The incident: which of the 24 jobs get the model that they declare
  cronctl explain-model nightly-optimizer
      Every step for one job of this machine's gateway
  cronctl explain-model --openclaw ./state --compare-versions 2026.3.28,2026.9.6
      What an upgrade changes
  cronctl explain-model --all --fail-on not-honoured,fails -o json
      For a pipeline: exit code 5 when a job does not get its model
  cronctl explain-model --gateway-log /tmp/openclaw/openclaw-2026-03-31.log
      Whether the gateway's own log says of the last runs what the answers say
  cronctl explain-model daily --what-if openai/gpt-5.4-nano=deny
      Where the fallbacks lead when a provider refuses the model";
