//! What is doubtful about suggestions although they stand. Pure.

use super::Form;
use super::report::{ChangeKind, SuggestedPeaks};
use super::row::Found;
use crate::command::plan::gather::Gathered;
use crate::command::plan::report::Summary;
use crate::plan::Outcome;
use crate::plan::suggest::Wishes;
use crate::schedule::{Rules, Version};
use crate::source::{Loaded, Scheduler, SourceInfo, SourceKind};

/// The versions whose `cron edit` was run or read for its flags.
const CHECKED: [Version; 3] = [
    Version::new(2026, 3, 28),
    Version::new(2026, 3, 31),
    Version::new(2026, 9, 6),
];

/// What warnings are drawn from.
pub(super) struct Warnings<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) gathered: &'a Gathered<'a>,
    pub(super) outcome: &'a Outcome,
    pub(super) wishes: &'a Wishes,
    pub(super) found: &'a [Found],
    pub(super) peaks: &'a [SuggestedPeaks],
    /// Whether commands are for several sources.
    pub(super) several: bool,
    pub(super) form: Form,
}

impl Warnings<'_> {
    /// All of them; first what could do harm.
    pub(super) fn of(&self, summary: &Summary) -> Vec<String> {
        let mut said = self.worse();
        said.extend(self.unseen(summary));
        said.extend(self.unprinted());
        said.extend(self.gateways());
        said.extend(self.crontabs());
        let sources = self.loaded.sources.iter().enumerate();
        said.extend(sources.filter_map(|(index, source)| self.version(index, source)));
        let findings = summary.findings.iter().filter(|f| f.warning);
        said.extend(findings.map(|f| f.text.clone()));
        said
    }

    /// Where the changes make it worse than it is.
    fn worse(&self) -> Vec<String> {
        let mut said = Vec::new();
        for SuggestedPeaks {
            group,
            before,
            suggested,
            ..
        } in self.peaks
        {
            let group = group.as_deref().unwrap_or("total");
            let figures = [
                ("more at once", before.concurrent, suggested.concurrent),
                (
                    "more starts in one second",
                    before.starts_per_second,
                    suggested.starts_per_second,
                ),
            ];
            for (what, before, after) in figures {
                if after > before {
                    said.push(format!(
                        "{group}: {what} than today: {after} instead of {before}"
                    ));
                }
            }
        }
        said
    }

    /// Jobs of which the horizon shows nothing.
    fn unseen(&self, summary: &Summary) -> Option<String> {
        let silent = |(index, planned): &(usize, &crate::command::plan::gather::Planned<'_>)| {
            let heard = self
                .outcome
                .silent
                .binary_search(&planned.recurrence())
                .is_err();
            !heard || (planned.shown && self.wishes.spans[*index].is_none())
        };
        let unseen = self
            .gathered
            .planned
            .iter()
            .enumerate()
            .filter(silent)
            .count();
        (unseen > 0).then(|| {
            format!(
                "{unseen} of the jobs have no fire within {}..{}: whether the changes make others meet \
                 them is not known; a longer horizon (--for) looks at them",
                summary.inputs.from_at, summary.inputs.until_at
            )
        })
    }

    /// Commands that cannot be printed.
    fn unprinted(&self) -> Option<String> {
        let is = |f: &&Found| f.change.is_some() && f.row.command.is_none();
        let unprinted = self.found.iter().filter(is).count();
        (unprinted > 0 && self.form == Form::Commands).then(|| {
            format!(
                "{unprinted} of the changes are not in this script, being no plain text; without them \
                 the peaks are others: argv of --output json has them"
            )
        })
    }

    /// Commands that do not say which gateway they are for.
    fn gateways(&self) -> Vec<String> {
        let of = |(index, source): (usize, &SourceInfo)| {
            let unnamed =
                self.several && source.kind != SourceKind::OpenClaw && self.has_commands(index);
            unnamed.then(|| {
                format!(
                    "{}: its commands must run on its own gateway, which {} does not name",
                    source.tag, source.location
                )
            })
        };
        self.loaded
            .sources
            .iter()
            .enumerate()
            .filter_map(of)
            .collect()
    }

    /// What prefixes in crontabs rest on.
    fn crontabs(&self) -> Vec<String> {
        let mut said = Vec::new();
        for (index, source) in self.loaded.sources.iter().enumerate() {
            let is_prefix = |f: &Found| f.source == index && f.row.change == ChangeKind::Prefix;
            let tag = &source.tag;
            if self.form == Form::Commands && self.found.iter().any(is_prefix) {
                said.push(format!(
                    "{tag}: cron's PATH is short and may not hold cronctl: write its whole path where \
                     it does not"
                ));
            }
        }
        said
    }

    fn has_commands(&self, index: usize) -> bool {
        let is = |f: &Found| f.source == index && f.row.argv.is_some();
        self.found.iter().any(is)
    }

    /// How sure it is that the commands exist where they were not looked at.
    fn version(&self, index: usize, source: &SourceInfo) -> Option<String> {
        let Rules::OpenClaw(version) = source.rules else {
            return None;
        };
        let unsure = source.scheduler == Scheduler::OpenClaw
            && self.has_commands(index)
            && !CHECKED.contains(&version);
        let sure = if version < CHECKED[0] {
            "not known"
        } else {
            "likely"
        };
        unsure.then(|| {
            format!(
                "{}: that `openclaw cron edit` of {version} has these flags is {sure}: they were \
                 checked in 2026.3.28, 2026.3.31 and 2026.9.6",
                source.tag
            )
        })
    }
}
