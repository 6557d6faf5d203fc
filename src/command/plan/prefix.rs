//! `cronctl jitter` before the commands of a crontab: the offset that such a line has of its own. Pure.

use std::borrow::Cow;

use crate::command::jitter::prefix::{self, Prefix};
use crate::job::Job;

/// What the prefix of a line says, if it has one.
pub(super) fn of(job: &Job) -> Option<Prefix> {
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
