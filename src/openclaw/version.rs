//! Which version's rules a state directory follows, and how sure that is.

use serde::Serialize;

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
    /// The oldest version that the evidence allows; `None` when nothing bounds it.
    pub from: Option<Version>,
    /// The newest version that the evidence allows, inclusive; `None` when nothing bounds it.
    pub until: Option<Version>,
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

/// What a state directory says about its version.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// `--openclaw-version`.
    pub option: Option<Version>,
    /// `schema_meta.app_version` of the SQLite store.
    pub app: Option<Version>,
    /// `meta.lastTouchedVersion` of the configuration.
    pub touched: Option<Version>,
    /// Where the jobs were found.
    pub layout: Option<Layout>,
    /// Whether `tasks/runs.sqlite` exists, which 2026.3.31 was the first to write.
    pub has_task_ledger: bool,
}

/// Decides: what the operator says, what the store says, what the configuration says, the layout.
pub fn decide(evidence: Evidence) -> Decision {
    let mut notes = Vec::new();
    let decision = |version, origin: &str, confidence, notes| Decision {
        version,
        origin: origin.to_owned(),
        confidence,
        notes,
        clues: Vec::new(),
        from: None,
        until: None,
    };
    if let Some(version) = evidence.option {
        if let Some(layout) = evidence.layout
            && !fits(version, evidence)
        {
            notes.push(format!(
                "--openclaw-version {version} is used, but the state looks like {}",
                layout.range()
            ));
        }
        return decision(version, "--openclaw-version", Confidence::Certain, notes);
    }
    if let Some(version) = evidence.app {
        let origin = "openclaw.sqlite: schema_meta.app_version";
        return decision(version, origin, Confidence::Certain, notes);
    }
    if let Some(version) = evidence.touched {
        if fits(version, evidence) {
            let origin = "openclaw.json: meta.lastTouchedVersion";
            return decision(version, origin, Confidence::Likely, notes);
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
            let origin = "assumed: newest checked version";
            return decision(Version::NEWEST_CHECKED, origin, Confidence::Assumed, notes);
        }
    };
    decision(version, origin, Confidence::Likely, notes)
}

/// Whether a version writes what was found.
fn fits(version: Version, evidence: Evidence) -> bool {
    let wide_from = Version::new(2026, 5, 29);
    let narrow_from = Version::new(2026, 7, 2);
    match evidence.layout {
        Some(Layout::Files) => {
            version < Version::new(2026, 6, 11)
                && (!evidence.has_task_ledger || version >= Version::new(2026, 3, 31))
        }
        Some(Layout::Wide) => version >= wide_from && version < Version::new(2026, 8, 1),
        Some(Layout::Narrow) => version >= narrow_from,
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_evidence_decides() {
        let v = |s: &str| Some(s.parse::<Version>().unwrap());
        let case = |e: Evidence| {
            let d = decide(e);
            (d.version.to_string(), d.confidence, d.notes.len())
        };
        let files = Evidence {
            layout: Some(Layout::Files),
            ..Evidence::default()
        };
        assert_eq!(case(files), ("2026.3.28".into(), Confidence::Likely, 0));
        let ledger = Evidence {
            has_task_ledger: true,
            ..files
        };
        assert_eq!(case(ledger), ("2026.3.31".into(), Confidence::Likely, 0));
        let touched = Evidence {
            touched: v("2026.3.28"),
            ..ledger
        };
        assert_eq!(case(touched), ("2026.3.31".into(), Confidence::Likely, 1));
        let touched = Evidence {
            touched: v("2026.4.22"),
            ..ledger
        };
        assert_eq!(case(touched), ("2026.4.22".into(), Confidence::Likely, 0));
        let app = Evidence {
            app: v("2026.8.1"),
            touched: v("2026.3.28"),
            layout: Some(Layout::Narrow),
            ..Evidence::default()
        };
        assert_eq!(case(app), ("2026.8.1".into(), Confidence::Certain, 0));
        let option = Evidence {
            option: v("2026.3.28"),
            ..app
        };
        assert_eq!(case(option), ("2026.3.28".into(), Confidence::Certain, 1));
        let nothing = Evidence::default();
        assert_eq!(case(nothing), ("2026.9.6".into(), Confidence::Assumed, 0));
    }
}
