//! Eras: which rules choose the model of a cron run, by OpenClaw version.
//!
//! The rules changed often, so they are data: one [`Era`] per range of versions, each with what
//! says so. Versions between two checked releases are answered with their neighbours' rules.

use std::fmt;

use serde::Serialize;

use super::releases::ERAS;
use super::rules::Rules;
use crate::schedule::Version;

/// A range of versions with the same rules in what matters most.
#[derive(Debug)]
pub struct Era {
    /// Its name: the range, in words.
    pub name: &'static str,
    /// The first version that follows these rules; `None` for the earliest era.
    pub from: Option<Version>,
    /// The last version that does; `None` for the newest era.
    pub until: Option<Version>,
    /// What sets it apart from the era before.
    pub change: &'static str,
    /// What says so: issues, pull requests, or `run` (observed on a running gateway).
    pub source: &'static str,
    /// The releases that were checked, oldest first; at least one.
    pub releases: &'static [Release],
}

/// A release whose rules were checked.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// Its rules.
    pub rules: Rules,
    /// Other rules that it follows in a state that a configuration does not show.
    pub otherwise: Option<Otherwise>,
}

/// Rules that a release follows in a state that a configuration does not show.
#[derive(Clone, Copy, Debug)]
pub struct Otherwise {
    /// When it does.
    pub when: &'static str,
    /// The rules.
    pub rules: Rules,
}

/// Which rules answer for a version.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The version that was asked for.
    pub version: Version,
    /// The rules that may hold, the more likely first, each with its era and the checked release
    /// that it stands for. Two where neighbours differ.
    pub answers: Vec<(&'static Era, Release)>,
    /// Whether the very version was checked.
    pub exact: bool,
}

/// Finds the rules of a version: its own, else those of the checked releases around it. Inside an
/// era only that era's releases answer.
pub fn rules_of(version: Version) -> Ruling {
    // A re-release (`-2`) has the rules of its version.
    let plain = version.without_rerelease();
    let all = ERAS
        .iter()
        .flat_map(|era| era.releases.iter().map(move |r| (era, *r)));
    if let Some(exact) = all.clone().find(|(_, r)| r.version == plain) {
        return Ruling {
            version,
            answers: vec![exact],
            exact: version == plain,
        };
    }
    let era = ERAS.iter().find(|e| e.contains(plain));
    let in_reach = |e: &&'static Era| era.is_none_or(|era| std::ptr::eq(era, *e));
    let reach = || all.clone().filter(|(e, _)| in_reach(e));
    let before = reach().rfind(|(_, r)| r.version < plain);
    let after = reach().find(|(_, r)| r.version > plain);
    let mut answers: Vec<_> = before.into_iter().chain(after).collect();
    if let [a, b] = answers[..]
        && a.1.rules == b.1.rules
    {
        answers.truncate(1);
    }
    Ruling {
        version,
        answers,
        exact: false,
    }
}

impl Era {
    /// Whether a version lies in its range.
    pub fn contains(&self, version: Version) -> bool {
        self.from.is_none_or(|from| version >= from)
            && self.until.is_none_or(|until| version <= until)
    }
}

impl fmt::Display for Era {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Era {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who answers for a version, the names of their eras, and whether it was checked.
    fn answer(version: &str) -> (Vec<String>, Vec<&'static str>, bool) {
        let ruling = rules_of(version.parse().expect("a version"));
        let (eras, releases): (Vec<_>, Vec<_>) = ruling.answers.into_iter().unzip();
        let releases = releases.iter().map(|r| r.version.to_string()).collect();
        (
            releases,
            eras.iter().map(|e| e.name).collect(),
            ruling.exact,
        )
    }

    #[test]
    fn every_version_has_rules() {
        let march = "2026.2.25 to 2026.3.27";
        let newest = "2026.8.1 and later";
        for (version, releases, eras, exact) in [
            (
                "2026.1.5",
                &["2026.2.24"][..],
                &["up to 2026.2.24"][..],
                false,
            ),
            ("2026.2.24", &["2026.2.24"], &["up to 2026.2.24"], true),
            ("2026.2.25", &["2026.2.26"], &[march], false),
            ("2026.3.25", &["2026.3.24"], &[march], false),
            (
                "2026.3.2",
                &["2026.2.26", "2026.3.24"],
                &[march, march],
                false,
            ),
            ("2026.3.28", &["2026.3.28"], &["2026.3.28"], true),
            (
                "2026.3.29",
                &["2026.3.28", "2026.3.31"],
                &["2026.3.28", "2026.3.31 to 2026.4.4"],
                false,
            ),
            ("2026.4.1", &["2026.4.1"], &["2026.3.31 to 2026.4.4"], true),
            ("2026.4.3", &["2026.4.1"], &["2026.3.31 to 2026.4.4"], false),
            (
                "2026.4.10",
                &["2026.4.5", "2026.4.22"],
                &["2026.4.5 to 2026.4.22"; 2],
                false,
            ),
            (
                "2026.4.25",
                &["2026.4.22", "2026.4.29"],
                &["2026.4.5 to 2026.4.22", "2026.4.29 to 2026.7.1"],
                false,
            ),
            (
                "2026.7.1-2",
                &["2026.7.1"],
                &["2026.4.29 to 2026.7.1"],
                false,
            ),
            (
                "2026.7.33",
                &["2026.7.1", "2026.8.1"],
                &["2026.4.29 to 2026.7.1", newest],
                false,
            ),
            ("2026.9.6", &["2026.9.6"], &[newest], true),
            ("2027.1.1", &["2026.9.6"], &[newest], false),
        ] {
            let (found, found_eras, found_exact) = answer(version);
            assert_eq!(found, releases, "{version}");
            assert_eq!(found_eras, eras, "{version}");
            assert_eq!(found_exact, exact, "{version}");
        }
    }

    #[test]
    fn eras_follow_each_other_and_hold_their_releases() {
        for pair in ERAS.windows(2) {
            assert!(pair[0].until < pair[1].from, "{}", pair[1]);
        }
        for era in ERAS {
            assert!(!era.releases.is_empty(), "{era}");
            for release in era.releases {
                assert!(era.contains(release.version), "{}", release.version);
            }
            assert!(era.releases.is_sorted_by(|a, b| a.version < b.version));
        }
        assert_eq!(ERAS.iter().map(|e| e.releases.len()).sum::<usize>(), 14);
    }
}
