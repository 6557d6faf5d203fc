//! Starts in order: each instant once, with all that start then.

/// Starts, ascending. A rank takes four bytes, an instant is kept once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Starts {
    /// Instants, epoch milliseconds, and where the ranks of each end.
    ends: Vec<(i64, usize)>,
    ranks: Vec<u32>,
}

impl Starts {
    pub(super) fn with_capacity(starts: usize) -> Self {
        Self {
            ends: Vec::new(),
            ranks: Vec::with_capacity(starts),
        }
    }

    /// Lets `append` add the ranks that start at `t`, no earlier than the last.
    pub(super) fn fill(&mut self, t: i64, append: impl FnOnce(&mut Vec<u32>)) {
        append(&mut self.ranks);
        self.end(t);
    }

    pub(super) fn len(&self) -> usize {
        self.ranks.len()
    }

    /// Adds one that starts no earlier than the last.
    #[inline]
    pub(super) fn push(&mut self, t: i64, rank: u32) {
        self.ranks.push(rank);
        self.end(t);
    }

    /// Adds members of a burst, each `offsets` after `t`, no earlier than the last.
    pub(super) fn extend(&mut self, t: i64, members: &[u32], offsets: &[i64]) {
        let mut rest = members;
        for same in offsets.chunk_by(|a, b| a == b) {
            let (now, later) = rest.split_at(same.len());
            self.ranks.extend_from_slice(now);
            self.end(t + same[0]);
            rest = later;
        }
    }

    #[inline]
    fn end(&mut self, t: i64) {
        let end = self.ranks.len();
        match self.ends.last_mut() {
            Some(last) if last.0 == t => last.1 = end,
            _ => self.ends.push((t, end)),
        }
    }

    /// Every instant with the ranks that start then.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &[u32])> {
        let mut from = 0;
        self.ends.iter().map(move |(t, end)| {
            let begin = std::mem::replace(&mut from, *end);
            (*t, &self.ranks[begin..*end])
        })
    }
}
