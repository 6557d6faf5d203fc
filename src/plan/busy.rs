//! Who is busy: until when each job waits or runs.
//!
//! Where slots are scarce nearly every occurrence finds its job busy. A row of bits, which fits into
//! the caches, then says so instead of the instants themselves.

/// Until when the job at each rank waits or runs; occurrences due by then coalesce.
pub(super) struct Busy {
    /// How many jobs there are.
    jobs: usize,
    /// By rank: epoch milliseconds.
    until: Vec<i64>,
    /// By rank, 64 a word: whether the job is busy beyond `sure_ms`.
    beyond: Vec<u64>,
    /// Up to here, epoch milliseconds, a bit that is set tells that its job is busy.
    sure_ms: i64,
    /// When the bits were last set, and how many jobs were looked at since.
    set_ms: Option<i64>,
    looks: usize,
}

impl Busy {
    /// Nobody of so many jobs is busy.
    pub(super) fn new(jobs: usize) -> Self {
        Self {
            jobs,
            until: Vec::new(),
            beyond: Vec::new(),
            sure_ms: i64::MIN,
            set_ms: None,
            looks: 0,
        }
    }

    /// So many jobs will be looked at as of `t`, no earlier than before.
    #[inline]
    pub(super) fn look(&mut self, t: i64, jobs: usize) {
        self.looks += jobs;
        if t > self.sure_ms && self.looks > self.jobs {
            self.set_bits(t);
        }
    }

    /// Setting the bits costs a walk over all jobs, so it is done no more often than that many were
    /// looked at, for as long a time as that took.
    #[cold]
    fn set_bits(&mut self, t: i64) {
        let took = t - self.set_ms.unwrap_or(t);
        let sure_ms = t.saturating_add(took);
        let bit = |until: &i64| u64::from(*until > sure_ms);
        let word = |jobs: &[i64]| jobs.iter().rev().fold(0, |word, job| word << 1 | bit(job));
        self.beyond.clear();
        self.beyond.extend(self.until.chunks(64).map(word));
        (self.sure_ms, self.set_ms, self.looks) = (sure_ms, Some(t), 0);
    }

    /// Whether the job at `rank` waits or runs at `t`.
    #[inline]
    pub(super) fn is(&self, rank: u32, t: i64) -> bool {
        let rank = rank as usize;
        let beyond = || {
            self.beyond
                .get(rank / 64)
                .is_some_and(|w| w >> (rank % 64) & 1 == 1)
        };
        (t <= self.sure_ms && beyond()) || self.until.get(rank).is_some_and(|until| *until > t)
    }

    /// The job at `rank` waits or runs until then.
    pub(super) fn keep(&mut self, rank: u32, until: i64) {
        let rank = rank as usize;
        if self.until.is_empty() {
            self.until = vec![i64::MIN; self.jobs];
        }
        self.until[rank] = until;
        if let Some(word) = self.beyond.get_mut(rank / 64) {
            *word = *word & !(1 << (rank % 64)) | u64::from(until > self.sure_ms) << (rank % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_bits_never_say_otherwise(
            steps in proptest::collection::vec((0..40i64, 0..200u32, 0..300i64), 1..400),
        ) {
            let mut busy = Busy::new(200);
            let mut until = [i64::MIN; 200];
            let mut t = 0;
            for (later, rank, run) in steps {
                t += later;
                busy.look(t, 30);
                for rank in 0..200 {
                    proptest::prop_assert_eq!(busy.is(rank, t), until[rank as usize] > t);
                }
                until[rank as usize] = t + run;
                busy.keep(rank, t + run);
            }
        }
    }
}
