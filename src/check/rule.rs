//! The rules as data: what each looks for, why it matters, what to do, and what it rests on.

use serde::Serialize;

use super::rules;

/// How grave a finding is. Later is graver.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    schemars::JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing: nothing is wrong
    Note,
    /// Probably not what was meant
    Warning,
    /// Something will not run, or not as written
    Error,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One rule. Its id never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable name.
    pub id: &'static str,
    /// How grave its findings are.
    pub severity: Severity,
    /// What it looks for, one line without a full stop.
    pub title: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// What it rests on: issues, pull requests, versions that were observed.
    pub source: &'static str,
}

/// Rules about one subject.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The subject.
    pub title: &'static str,
    /// The rules, in the order in which they are documented.
    pub rules: &'static [&'static Rule],
}

/// Every rule.
pub const GROUPS: &[Group] = &[
    Group {
        title: "Models",
        rules: rules::model::ALL,
    },
    Group {
        title: "Configuration and upgrades",
        rules: rules::config::ALL,
    },
    Group {
        title: "Jobs",
        rules: rules::job::ALL,
    },
    Group {
        title: "Schedules",
        rules: rules::schedule::ALL,
    },
    Group {
        title: "Bursts",
        rules: rules::burst::ALL,
    },
    Group {
        title: "Recorded state",
        rules: rules::state::ALL,
    },
];

/// Returns every rule, in the order of [`GROUPS`].
pub fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules.iter().copied())
}

/// Returns the rule with an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Defines rules as constants and lists them, so that none is defined and forgotten.
macro_rules! define {
    ($($name:ident = $id:literal, $severity:ident,
        title: $title:literal, why: $why:literal, fix: $fix:literal, source: $source:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`")]
            pub(crate) const $name: &$crate::check::Rule = &$crate::check::Rule {
                id: $id,
                severity: $crate::check::Severity::$severity,
                title: $title,
                why: $why,
                fix: $fix,
                source: $source,
            };
        )*
        /// The rules of this subject.
        pub(crate) const ALL: &[&$crate::check::Rule] = &[$($name),*];
    };
}
pub(super) use define;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_kebab_words_and_texts_are_whole() {
        let mut ids = BTreeSet::new();
        for rule in all() {
            assert!(ids.insert(rule.id), "{} twice", rule.id);
            let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(rule.id.chars().all(kebab), "{}", rule.id);
            assert!(!rule.title.ends_with('.'), "{}", rule.id);
            for text in [rule.why, rule.fix, rule.source] {
                assert!(
                    text.ends_with('.') && !text.contains("  "),
                    "{}: {text}",
                    rule.id
                );
            }
            assert_eq!(find(rule.id), Some(rule));
        }
    }
}
