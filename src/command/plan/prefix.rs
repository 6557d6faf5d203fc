//! `cronctl jitter` before the commands of a crontab: the offset that such a line has of its own. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::gather::Gathered;
use crate::command::jitter::prefix::{self, Prefix};
use crate::job::Job;
use crate::source::{Loaded, Scheduler};

/// What the prefix of a line says, if it has one.
fn of(job: &Job) -> Option<Prefix> {
    prefix::read(job.name.as_deref()?)
}

/// How much later than its instant a line starts its command, milliseconds, and why.
pub(super) fn native(job: &Job) -> (i64, Cow<'static, str>) {
    let line = job.at;
    match of(job) {
        Some(Prefix::Waits(ms)) => (ms, format!("cronctl jitter prefix ({line})").into()),
        Some(Prefix::Unknown(why)) => (
            0,
            format!("cronctl jitter prefix ({line}), not counted: {why}").into(),
        ),
        None => (0, "none: this scheduler has no stagger".into()),
    }
}

/// Says which lines wait for so long as is not known, and why that is not: a sentence for each reason.
pub(super) fn unknown(loaded: &Loaded, gathered: &Gathered<'_>) -> Vec<String> {
    let mut unknown = BTreeMap::<(usize, &str), Vec<String>>::new();
    for job in gathered.planned.iter().map(|planned| planned.job) {
        if loaded.sources[job.source].scheduler == Scheduler::Crontab
            && let Some(Prefix::Unknown(why)) = of(job)
        {
            let lines = unknown.entry((job.source, why)).or_default();
            lines.push(job.at.to_string());
        }
    }
    let say = |((source, why), lines): ((usize, &str), Vec<String>)| {
        let (tag, first) = (&loaded.sources[source].tag, &lines[0]);
        let more = match lines.len() - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        format!(
            "{tag}: {first}{more}: the delay by cronctl jitter is not counted ({why}): planned at the \
             time of the line"
        )
    };
    unknown.into_iter().map(say).collect()
}
