//! How long the runs that one outage affects take to come to their ends.

use super::fault::{Fault, Span};

/// Affected runs that belong together.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// When the first of them was due, epoch milliseconds.
    from_ms: i64,
    /// When the last of them ended.
    until_ms: i64,
    /// How many go on.
    open: u32,
}

/// The groups of affected runs: by window of the faults, and without one by capacity.
#[derive(Debug)]
pub(super) struct Drains {
    /// The windows of all faults, merged where they overlap, ascending; with the group of each.
    windows: Vec<(Span, Option<usize>)>,
    groups: Vec<Group>,
    /// The last group that lack of capacity affects.
    crowded: Option<usize>,
}

impl Drains {
    pub(super) fn new(faults: &[Fault]) -> Self {
        const ALWAYS: Span = Span {
            from_ms: i64::MIN,
            until_ms: i64::MAX,
        };
        let of = |fault: &Fault| fault.spans.clone().unwrap_or_else(|| vec![ALWAYS]);
        let mut spans: Vec<Span> = faults.iter().flat_map(of).collect();
        spans.sort_by_key(|span| span.from_ms);
        let mut windows: Vec<(Span, Option<usize>)> = Vec::new();
        for span in spans {
            match windows.last_mut() {
                Some((last, _)) if span.from_ms <= last.until_ms => {
                    last.until_ms = last.until_ms.max(span.until_ms);
                }
                _ => windows.push((span, None)),
            }
        }
        Self {
            windows,
            groups: Vec::new(),
            crowded: None,
        }
    }

    /// A run that was due at `due_ms` is affected by its call at `t_ms`, which a fault struck or for
    /// which there was no capacity; returns its group.
    pub(super) fn affects(&mut self, due_ms: i64, t_ms: i64, struck: bool) -> usize {
        let window = self.windows.iter_mut().find(|(span, _)| span.holds(t_ms));
        let window = window.filter(|_| struck).map(|(_, group)| group);
        let known = match &window {
            Some(group) => **group,
            None => self.crowded.filter(|at| self.groups[*at].open > 0),
        };
        let at = known.unwrap_or(self.groups.len());
        if known.is_none() {
            self.groups.push(Group {
                from_ms: due_ms,
                until_ms: t_ms,
                open: 0,
            });
        }
        *window.unwrap_or(&mut self.crowded) = Some(at);
        let group = &mut self.groups[at];
        group.from_ms = group.from_ms.min(due_ms);
        group.open += 1;
        at
    }

    /// A run of that group ends for good.
    pub(super) fn ends(&mut self, group: usize, t_ms: i64) {
        let group = &mut self.groups[group];
        group.until_ms = group.until_ms.max(t_ms);
        group.open -= 1;
    }

    /// The longest of all groups, milliseconds.
    pub(super) fn longest_ms(&self) -> Option<i64> {
        let lengths = self.groups.iter().map(|g| g.until_ms - g.from_ms);
        lengths.max()
    }
}
