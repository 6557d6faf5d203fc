//! Which version's rules a state directory follows, and how sure that is.

use serde::Serialize;

use super::installed::Installed;
use super::store::Layout;
use crate::schedule::Version;

/// How sure a conclusion is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Stated by the operator, or recorded by the gateway that runs.
    Certain,
    /// Concluded from traces that another version could have left too.
    Likely,
    /// Nothing says so.
    Assumed,
}

/// A version and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The version.
    pub version: Version,
    /// What says so.
    pub origin: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// What speaks against it.
    pub notes: Vec<String>,
    /// Every piece of evidence that was found, used or not, the weightiest first.
    pub clues: Vec<Clue>,
    /// Whether something names this very version: the operator, the store, the package or the
    /// configuration. A layout alone fits several.
    pub named: bool,
    /// The oldest version that the evidence allows; `None` when nothing bounds it.
    pub from: Option<Version>,
    /// The newest version that the evidence allows, inclusive; `None` when nothing bounds it.
    pub until: Option<Version>,
}

impl Decision {
    /// A decision that rests on one piece of evidence.
    pub fn by(version: Version, origin: &str, confidence: Confidence) -> Self {
        let bound = (confidence == Confidence::Certain).then_some(version);
        Self {
            version,
            origin: origin.to_owned(),
            confidence,
            notes: Vec::new(),
            clues: vec![Clue {
                what: "source",
                says: version.to_string(),
                at: origin.to_owned(),
                confidence,
            }],
            named: confidence != Confidence::Assumed,
            from: bound,
            until: bound,
        }
    }
}

/// One piece of evidence about a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clue {
    /// What was looked at: `meta.lastTouchedVersion`, `layout`.
    pub what: &'static str,
    /// What it says: a version, or what was found, in words.
    pub says: String,
    /// Where: a file, or the option.
    pub at: String,
    /// How much it proves by itself.
    pub confidence: Confidence,
}

/// What a state directory says about its version, and where.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// `--openclaw-version`.
    pub option: Option<Version>,
    /// `schema_meta.app_version` of the SQLite store.
    pub app: Option<Version>,
    /// The package behind the `openclaw` command.
    pub installed: Option<Installed>,
    /// `meta.lastTouchedVersion` of the configuration.
    pub touched: Option<Version>,
    /// Whether the configuration has no `meta.lastTouchedVersion` at all.
    pub untouched: bool,
    /// Where the jobs were found.
    pub layout: Option<Layout>,
    /// Whether `tasks/runs.sqlite` exists, which 2026.3.31 was the first to write.
    pub has_task_ledger: bool,
    /// Whether a finished run was ever logged: 2026.3.31 would have written its ledger then.
    pub has_runs: bool,
    /// Where the command on PATH would look for its state, when that is another directory.
    pub elsewhere: Option<String>,
    /// The store that the jobs are in.
    pub store_at: String,
    /// The configuration file.
    pub config_at: String,
    /// The task ledger.
    pub ledger_at: String,
}

/// Decides: what the operator says, what the store says, what is installed, what the configuration
/// says, the layout.
pub fn decide(evidence: &Evidence) -> Decision {
    let mut notes = Vec::new();
    let (version, origin, confidence) = choose(evidence, &mut notes);
    let (from, until) = range(evidence, version);
    let is_certain = confidence == Confidence::Certain;
    // Origins that a layout gives begin with the word.
    let named = confidence != Confidence::Assumed && !origin.starts_with("layout: ");
    Decision {
        version,
        origin,
        confidence,
        notes,
        clues: clues(evidence),
        named,
        from: if is_certain { Some(version) } else { from },
        until: if is_certain { Some(version) } else { until },
    }
}

fn choose(evidence: &Evidence, notes: &mut Vec<String>) -> (Version, String, Confidence) {
    if let Some(version) = evidence.option {
        if let Some(layout) = evidence.layout
            && !fits(version, evidence)
        {
            notes.push(format!(
                "--openclaw-version {version} is used, but the state looks like {}",
                layout.range()
            ));
        }
        let origin = "--openclaw-version".to_owned();
        return (version, origin, Confidence::Certain);
    }
    if let Some(version) = evidence.app {
        let origin = "openclaw.sqlite: schema_meta.app_version".to_owned();
        return (version, origin, Confidence::Certain);
    }
    if let Some(installed) = &evidence.installed
        && let Some(origin) = by_package(installed, evidence, notes)
    {
        return (installed.version, origin, Confidence::Likely);
    }
    if let Some(version) = evidence.touched {
        if fits(version, evidence) {
            let origin = "openclaw.json: meta.lastTouchedVersion".to_owned();
            return (version, origin, Confidence::Likely);
        }
        notes.push(format!(
            "openclaw.json was last written by {version}, but the state is of another version: \
             the layout decides"
        ));
    }
    let ledger = evidence.has_task_ledger;
    let (version, origin) = match evidence.layout {
        Some(Layout::Files) if ledger => (
            Version::new(2026, 3, 31),
            "layout: cron/jobs.json and tasks/runs.sqlite → 2026.3.31",
        ),
        Some(Layout::Files) => (
            Version::new(2026, 3, 28),
            "layout: cron/jobs.json without tasks/runs.sqlite → 2026.3.28",
        ),
        Some(Layout::Wide) => (
            Version::new(2026, 7, 1),
            "layout: wide cron_jobs table in state/openclaw.sqlite → 2026.7.1",
        ),
        Some(Layout::Narrow) => (
            Version::NEWEST_CHECKED,
            "layout: narrow cron_jobs table in state/openclaw.sqlite → 2026.9.6",
        ),
        None => {
            let origin = "assumed: newest checked version".to_owned();
            return (Version::NEWEST_CHECKED, origin, Confidence::Assumed);
        }
    };
    (version, origin.to_owned(), Confidence::Likely)
}

/// Whether the installed package decides: it must be able to have written what is there, and be no
/// older than what wrote the configuration. Says why not, or what speaks against it.
fn by_package(
    installed: &Installed,
    evidence: &Evidence,
    notes: &mut Vec<String>,
) -> Option<String> {
    let (version, at) = (installed.version, installed.at.display());
    if !fits(version, evidence) {
        let looks = evidence.layout.map_or("another version", Layout::range);
        notes.push(format!(
            "the openclaw on PATH is {version} ({at}), but the state looks like {looks}: \
             it does not decide"
        ));
        return None;
    }
    if let Some(touched) = evidence.touched.filter(|touched| *touched > version) {
        notes.push(format!(
            "the openclaw on PATH is {version} ({at}), but openclaw.json was last written by \
             {touched}: it does not decide"
        ));
        return None;
    }
    if let Some(elsewhere) = &evidence.elsewhere {
        notes.push(format!(
            "the rules are those of the openclaw on PATH ({version}), whose own state is \
             {elsewhere}: when this state is another gateway's, give --openclaw-version"
        ));
    }
    Some(format!("installed package: {at}"))
}

/// Bounds of the versions that write a layout: `(first, last)`, inclusive. Between the versions
/// that were looked at a bound is the one that excludes least.
fn bounds(layout: Layout) -> (Option<Version>, Option<Version>) {
    match layout {
        Layout::Files => (None, Some(Version::new(2026, 6, 10))),
        Layout::Wide => (
            Some(Version::new(2026, 5, 29)),
            Some(Version::new(2026, 7, 31)),
        ),
        Layout::Narrow => (Some(Version::new(2026, 7, 2)), None),
    }
}

/// The first version that writes `tasks/runs.sqlite` among those looked at, and the last that is
/// taken for one that does not.
const LEDGER_FROM: Version = Version::new(2026, 3, 31);
const NO_LEDGER_UNTIL: Version = Version::new(2026, 3, 30);

/// Whether a version writes what was found.
fn fits(version: Version, evidence: &Evidence) -> bool {
    let (from, until) = evidence.layout.map_or((None, None), bounds);
    let ledger = evidence.layout == Some(Layout::Files) && evidence.has_task_ledger;
    from.is_none_or(|from| version >= from)
        && until.is_none_or(|until| version <= until)
        && (!ledger || version >= LEDGER_FROM)
}

/// The versions that the evidence allows, inclusive.
fn range(evidence: &Evidence, decided: Version) -> (Option<Version>, Option<Version>) {
    let (mut from, mut until) = evidence.layout.map_or((None, None), bounds);
    if evidence.layout == Some(Layout::Files) && evidence.has_task_ledger {
        from = Some(LEDGER_FROM);
    }
    // A gateway does not run with a configuration of a later one, unless it was downgraded, which
    // the layout then shows.
    let touched = evidence.touched.filter(|t| fits(*t, evidence));
    from = from.max(touched);
    let no_ledger = evidence.layout == Some(Layout::Files)
        && !evidence.has_task_ledger
        && evidence.has_runs
        && from.is_none_or(|from| from <= NO_LEDGER_UNTIL)
        // A later one that is installed may not have run a job yet.
        && decided <= NO_LEDGER_UNTIL;
    if no_ledger {
        until = Some(NO_LEDGER_UNTIL);
    }
    (from, until)
}

/// Every piece of evidence, the weightiest first.
fn clues(evidence: &Evidence) -> Vec<Clue> {
    use Confidence::{Assumed, Certain, Likely};
    let mut clues = Vec::new();
    let mut add = |what, says: String, at: &str, confidence| {
        clues.push(Clue {
            what,
            says,
            at: at.to_owned(),
            confidence,
        });
    };
    if let Some(version) = evidence.option {
        add("option", version.to_string(), "--openclaw-version", Certain);
    }
    if let Some(version) = evidence.app {
        add(
            "schema_meta.app_version",
            version.to_string(),
            &evidence.store_at,
            Certain,
        );
    }
    if let Some(installed) = &evidence.installed {
        let at = installed.at.display().to_string();
        add(
            "installed package",
            installed.version.to_string(),
            &at,
            Likely,
        );
    }
    match evidence.touched {
        Some(version) => add(
            "meta.lastTouchedVersion",
            version.to_string(),
            &evidence.config_at,
            Likely,
        ),
        None if evidence.untouched => {
            let says = "absent: OpenClaw never wrote this configuration".to_owned();
            add(
                "meta.lastTouchedVersion",
                says,
                &evidence.config_at,
                Assumed,
            );
        }
        None => {}
    }
    if let Some(layout) = evidence.layout {
        add(
            "layout",
            layout.range().to_owned(),
            &evidence.store_at,
            Likely,
        );
    }
    if evidence.layout == Some(Layout::Files) {
        let (says, confidence) = match (evidence.has_task_ledger, evidence.has_runs) {
            (true, _) => ("present: 2026.3.31 or later", Likely),
            (false, true) => (
                "absent although jobs ran: they ran before 2026.3.31",
                Likely,
            ),
            (false, false) => ("absent, and no run is recorded: proves nothing", Assumed),
        };
        add(
            "task ledger",
            says.to_owned(),
            &evidence.ledger_at,
            confidence,
        );
    }
    clues
}

#[cfg(test)]
mod tests;
