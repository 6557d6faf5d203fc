//! The jobs in the order in which bursts place them, and what of them a plan looks at all the time.
//!
//! A plan touches every occurrence several times, in the order of ranks: what it needs then is a kind,
//! four bytes by rank, not the whole job.

use rustc_hash::FxHashMap;

use super::{Input, PlanJob};
use crate::schedule::stagger::id_hash;

/// What measuring needs to know of a job; many jobs are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) source: usize,
    pub(super) group: u32,
    pub(super) run_ms: i64,
    /// [`Recurrence::class`](super::timeline::Recurrence::class).
    pub(super) class: u32,
    pub(super) shown: bool,
}

/// The jobs in the order of a hash of their ids.
pub(super) struct Ranked<'a> {
    jobs: &'a [PlanJob<'a>],
    /// By rank: index into the input's jobs.
    order: Vec<u32>,
    /// By rank: the hash of the job's id.
    pub(super) hashes: Vec<u64>,
    /// The distinct kinds.
    kinds: Vec<Kind>,
    /// By rank: index of its kind.
    kind_of: Vec<u32>,
}

impl<'a> Ranked<'a> {
    pub(super) fn new(input: &'a Input<'_>) -> Self {
        let jobs = &input.jobs[..];
        let mut order: Vec<(u64, u32)> = (0..)
            .zip(jobs)
            .map(|(index, job)| (id_hash(job.id), index))
            .collect();
        // Equal ids of different sources are told apart by what they are, never by input order.
        let tie = |index: u32| {
            let job = &jobs[index as usize];
            (
                job.id,
                job.source,
                job.recurrence,
                job.native_offset_ms,
                job.group,
                job.run_ms,
                index,
            )
        };
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| tie(a.1).cmp(&tie(b.1))));
        let classes: Vec<u32> = input.recurrences.iter().map(|r| r.class()).collect();
        let mut known: FxHashMap<Kind, u32> = FxHashMap::default();
        let mut kinds = Vec::new();
        let mut of_job = |job: &PlanJob<'_>| {
            let kind = Kind {
                source: job.source,
                group: job.group,
                run_ms: job.run_ms,
                class: classes[job.recurrence],
                shown: job.shown,
            };
            *known.entry(kind).or_insert_with(|| {
                kinds.push(kind);
                u32::try_from(kinds.len() - 1).expect("fewer than 2^32 jobs fit in memory")
            })
        };
        // In the order of the input, which is how they lie in memory.
        let of_index: Vec<u32> = jobs.iter().map(&mut of_job).collect();
        let kind_of = order.iter().map(|(_, i)| of_index[*i as usize]).collect();
        let (hashes, order) = order.into_iter().unzip();
        Self {
            jobs,
            order,
            hashes,
            kinds,
            kind_of,
        }
    }

    /// Index into the input's jobs.
    #[inline]
    pub(super) fn index(&self, rank: u32) -> usize {
        self.order[rank as usize] as usize
    }

    /// Indices into the input's jobs, by rank.
    pub(super) fn indices(&self) -> impl Iterator<Item = usize> {
        self.order.iter().map(|index| *index as usize)
    }

    /// The whole jobs, by rank.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &'a PlanJob<'a>> {
        self.indices().map(|index| &self.jobs[index])
    }

    #[inline]
    pub(super) fn kind(&self, rank: u32) -> &Kind {
        &self.kinds[self.kind_of[rank as usize] as usize]
    }
}

/// Counts the jobs of each kind among some.
pub(super) struct Tally<'a> {
    pub(super) ranked: &'a Ranked<'a>,
    /// By kind; all 0 between two counts.
    counts: Vec<u32>,
    /// The kinds that are present.
    present: Vec<u32>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(ranked: &'a Ranked<'a>) -> Self {
        Self {
            ranked,
            counts: vec![0; ranked.kinds.len()],
            present: Vec::new(),
        }
    }

    /// Calls `each` with every kind that is present, and how many are of it.
    #[inline]
    pub(super) fn count(&mut self, ranks: &[u32], mut each: impl FnMut(&Kind, u32)) {
        let ranked = self.ranked;
        for rank in ranks {
            let kind = ranked.kind_of[*rank as usize];
            let count = &mut self.counts[kind as usize];
            if *count == 0 {
                self.present.push(kind);
            }
            *count += 1;
        }
        for kind in self.present.drain(..) {
            let count = std::mem::take(&mut self.counts[kind as usize]);
            each(&ranked.kinds[kind as usize], count);
        }
    }
}
