//! What changed between two lists of the next bursts. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use crate::command::plan::report::BurstRow;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The sources were read: `jobs` and `bursts` say what they come to.
    Look,
    /// A burst is among the next ones that was not before.
    Listed,
    /// A listed burst has other jobs, peaks or providers.
    Changed,
    /// A listed burst is due: its jobs start.
    Due,
    /// A listed burst is no longer planned. It is as it was last listed.
    Gone,
    /// The definition of a job changed, or a job came or went: `why` says which.
    SourceChanged,
    /// The sources cannot be read; the plan before stands.
    Failed,
}

/// Returns what changed, in the order of the bursts: what is gone and due first. `said` are the
/// instants whose being due was said; `more` says whether there are bursts after those listed.
pub(super) fn changes<'a>(
    before: &'a [BurstRow],
    (after, more): (&'a [BurstRow], bool),
    said: &[i64],
    now_ms: i64,
) -> Vec<(What, &'a BurstRow)> {
    let find = |bursts: &'a [BurstRow], at_ms| bursts.iter().find(|b| b.at_ms == at_ms);
    let told = |burst: &BurstRow| said.contains(&burst.at_ms);
    // One that moved out of the list because others came before it is still planned.
    let last = after.last().filter(|_| more).map_or(i64::MAX, |b| b.at_ms);
    let mut changes = Vec::new();
    for burst in before.iter().filter(|b| !told(b)) {
        if find(after, burst.at_ms).is_some() {
            continue;
        }
        if burst.at_ms <= now_ms {
            changes.push((What::Due, burst));
        } else if burst.at_ms < last {
            changes.push((What::Gone, burst));
        }
    }
    for burst in after.iter().filter(|b| !told(b)) {
        let earlier = find(before, burst.at_ms);
        let what = match earlier {
            None => Some(What::Listed),
            Some(earlier) if differs(earlier, burst) => Some(What::Changed),
            Some(_) => None,
        };
        changes.extend(what.map(|what| (what, burst)));
        if burst.at_ms <= now_ms {
            changes.push((What::Due, burst));
        }
    }
    changes
}

/// Whether a burst is another one than before.
fn differs(a: &BurstRow, b: &BurstRow) -> bool {
    let key = |r: &BurstRow| {
        let groups: Vec<_> = r.groups.iter().map(|g| (g.group.clone(), g.jobs)).collect();
        let before = (r.starts_per_second_before, r.concurrent_before);
        let after = (r.starts_per_second_after, r.concurrent_after);
        (r.jobs, groups, before, after, r.first_at_ms, r.last_at_ms)
    };
    key(a) != key(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(at_ms: i64, jobs: usize) -> BurstRow {
        BurstRow {
            at: String::new(),
            at_ms,
            local_at: String::new(),
            tz: jiff::tz::TimeZone::UTC,
            zone: "UTC".to_owned(),
            jobs,
            sources: Vec::new(),
            starts_per_second_before: 0,
            starts_per_second_after: 0,
            concurrent_before: 0,
            concurrent_after: 0,
            groups: Vec::new(),
            first_at_ms: at_ms,
            last_at_ms: at_ms,
            span_ms: 0,
            shortest_run_ms: 1,
            longest_run_ms: 1,
            peak: 1,
            window_for_peak_ms: 0,
            clipped: 0,
        }
    }

    fn said(before: &[BurstRow], after: &[BurstRow], told: &[i64], now: i64) -> Vec<(What, i64)> {
        changes(before, (after, after.len() == 2), told, now)
            .into_iter()
            .map(|(what, burst)| (what, burst.at_ms))
            .collect()
    }

    #[test]
    fn bursts_are_listed_once_and_then_change_come_due_or_go() {
        let (first, second) = ([burst(10, 2), burst(20, 3)], [burst(20, 4), burst(30, 2)]);
        assert_eq!(
            said(&[], &first, &[], 5),
            [(What::Listed, 10), (What::Listed, 20)]
        );
        assert_eq!(said(&first, &first, &[], 6), []);
        assert_eq!(
            said(&first, &second, &[], 10),
            [(What::Due, 10), (What::Changed, 20), (What::Listed, 30)]
        );
        assert_eq!(
            said(&first, &second, &[], 6),
            [(What::Gone, 10), (What::Changed, 20), (What::Listed, 30)]
        );
    }

    #[test]
    fn a_burst_that_others_push_out_of_the_list_is_not_gone() {
        let (before, after) = ([burst(10, 2), burst(20, 3)], [burst(5, 2), burst(10, 2)]);
        assert_eq!(said(&before, &after, &[], 1), [(What::Listed, 5)]);
        // Nothing is listed any more: everything is gone.
        let gone = [(What::Gone, 10), (What::Gone, 20)];
        assert_eq!(said(&before, &[], &[], 1), gone);
        // The list is not full: what is not on it is not planned.
        assert_eq!(said(&before, &before[..1], &[], 1), [(What::Gone, 20)]);
    }

    #[test]
    fn a_burst_at_this_very_instant_is_due_once() {
        let now = [burst(10, 2)];
        let both = [(What::Listed, 10), (What::Due, 10)];
        assert_eq!(said(&[], &now, &[], 10), both);
        assert_eq!(said(&now, &now, &[10], 10), []);
    }
}
