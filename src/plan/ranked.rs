//! The jobs in the order in which bursts place them, and what of them a plan looks at all the time.
//!
//! A plan touches every occurrence several times, in the order of ranks: what it needs then is a kind,
//! four bytes by rank, not the whole job.

use rustc_hash::FxHashMap;

use super::measure::WORTH_A_THREAD;
use super::timeline::u32_of;
use super::{Input, PlanJob};
use crate::schedule::stagger::id_hash;

/// So many jobs must be of a kind on average, or counting them first costs more than it saves.
const WORTH_A_COUNT: usize = 8;

/// What measuring needs to know of a job; many jobs are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) source: u32,
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
    /// By rank: the hash of the job's id; empty when no offset is made of it.
    pub(super) hashes: Vec<u64>,
    /// The distinct kinds.
    kinds: Vec<Kind>,
    kind_of: KindOf,
}

/// By rank: index of its kind, in as few bytes as that takes, because it is looked up for every
/// occurrence several times.
enum KindOf {
    Few(Vec<u8>),
    Many(Vec<u32>),
}

/// The hash of every job's id, and its index: the second half by a thread, where that pays.
fn hashed(jobs: &[PlanJob<'_>]) -> Vec<(u64, u32)> {
    let of = |(index, job): (u32, &PlanJob<'_>)| (id_hash(job.id), index);
    let mut order = Vec::with_capacity(jobs.len());
    let (first, second) = jobs.split_at(if jobs.len() < WORTH_A_THREAD {
        jobs.len()
    } else {
        jobs.len() / 2
    });
    std::thread::scope(|scope| {
        let begin = u32_of(first.len());
        let second = (!second.is_empty())
            .then(|| scope.spawn(move || (begin..).zip(second).map(of).collect::<Vec<_>>()));
        order.extend((0..).zip(first).map(of));
        match second.map(std::thread::ScopedJoinHandle::join) {
            Some(Ok(second)) => order.extend(second),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => {}
        }
    });
    order
}

impl<'a> Ranked<'a> {
    pub(super) fn new(input: &'a Input<'_>) -> Self {
        let jobs = &input.jobs[..];
        let mut order = hashed(jobs);
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
                class: classes[job.recurrence as usize],
                shown: job.shown,
            };
            *known.entry(kind).or_insert_with(|| {
                kinds.push(kind);
                u32::try_from(kinds.len() - 1).expect("fewer than 2^32 jobs fit in memory")
            })
        };
        // In the order of the input, which is how they lie in memory.
        let of_index: Vec<u32> = jobs.iter().map(&mut of_job).collect();
        let of_rank = order.iter().map(|(_, i)| of_index[*i as usize]);
        let kind_of = if kinds.len() <= 256 {
            KindOf::Few(
                of_rank
                    .map(|kind| u8::try_from(kind).unwrap_or(0))
                    .collect(),
            )
        } else {
            KindOf::Many(of_rank.collect())
        };
        let hashes = if input.options.jitter.is_of_ids() {
            order.iter().map(|(hash, _)| *hash).collect()
        } else {
            Vec::new()
        };
        let order = order.into_iter().map(|(_, index)| index).collect();
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
    pub(super) fn indices(&self) -> impl ExactSizeIterator<Item = usize> {
        self.order.iter().map(|index| *index as usize)
    }

    /// The whole jobs, by rank.
    pub(super) fn jobs(&self) -> impl ExactSizeIterator<Item = &'a PlanJob<'a>> {
        self.indices().map(|index| &self.jobs[index])
    }

    #[inline]
    pub(super) fn kind(&self, rank: u32) -> &Kind {
        let rank = rank as usize;
        &self.kinds[match &self.kind_of {
            KindOf::Few(of) => usize::from(of[rank]),
            KindOf::Many(of) => of[rank] as usize,
        }]
    }
}

/// Counts the jobs of each kind among some.
pub(super) struct Tally<'a> {
    pub(super) ranked: &'a Ranked<'a>,
    /// By kind; all 0 between two counts.
    counts: Vec<u32>,
    /// The kinds that are present.
    present: Vec<usize>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(ranked: &'a Ranked<'a>) -> Self {
        Self {
            ranked,
            counts: vec![0; ranked.kinds.len()],
            present: Vec::new(),
        }
    }

    /// Calls `each` with every kind that is present, and how many are of it; a kind that hardly any
    /// jobs share may come more than once.
    #[inline]
    pub(super) fn count(&mut self, ranks: &[u32], mut each: impl FnMut(&Kind, u32)) {
        let ranked = self.ranked;
        if ranks.len() < 2 || ranked.kinds.len() > ranked.order.len() / WORTH_A_COUNT {
            for rank in ranks {
                each(ranked.kind(*rank), 1);
            }
            return;
        }
        match &ranked.kind_of {
            KindOf::Few(of) => self.by(ranks, |rank| usize::from(of[rank]), each),
            KindOf::Many(of) => self.by(ranks, |rank| of[rank] as usize, each),
        }
    }

    #[inline]
    fn by(
        &mut self,
        ranks: &[u32],
        kind_of: impl Fn(usize) -> usize,
        mut each: impl FnMut(&Kind, u32),
    ) {
        let kinds = &self.ranked.kinds[..];
        let counts = &mut self.counts[..];
        if kinds.len() <= ranks.len() {
            for rank in ranks {
                counts[kind_of(*rank as usize)] += 1;
            }
            for (kind, count) in kinds.iter().zip(counts) {
                let count = std::mem::take(count);
                if count > 0 {
                    each(kind, count);
                }
            }
            return;
        }
        for rank in ranks {
            let kind = kind_of(*rank as usize);
            if counts[kind] == 0 {
                self.present.push(kind);
            }
            counts[kind] += 1;
        }
        for kind in self.present.drain(..) {
            each(&kinds[kind], std::mem::take(&mut counts[kind]));
        }
    }
}
