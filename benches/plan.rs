//! How long the core of a plan takes: occurrences to bursts, planned starts, peaks and slots.
//!
//! What it measured last stands in `docs/performance.md`.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::collections::HashMap;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use cronctl::plan::{
    Burst, Dispatch, Horizon, Input, Jitter, Options, PlanJob, Recurrence, Sink, plan,
};

/// 2026-03-08T00:00:00Z.
const START: i64 = 1_772_928_000_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;

/// Fires every so many minutes of the day from one of them on; 0 is once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Beat {
    first: i64,
    every: i64,
}

impl Recurrence for Beat {
    fn each(&self, from: i64, until: i64, emit: &mut dyn FnMut(i64)) -> Result<(), String> {
        let step = if self.every == 0 {
            DAY
        } else {
            self.every * MINUTE
        };
        let first = START + self.first * MINUTE;
        let passed = (from - first).max(0);
        let mut at = first + (passed + step - 1) / step * step;
        while at < until.min(START + DAY) {
            emit(at);
            at += step;
        }
        Ok(())
    }
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 1).unwrap_or(0) % limit
    }

    /// What people write: daily most of all, then hourly, then every few minutes.
    fn beat(&mut self) -> Beat {
        let minute = self.below(60);
        match self.below(100) {
            0..55 => Beat {
                first: self.below(24) * 60 + minute,
                every: 0,
            },
            55..80 => Beat {
                first: minute,
                every: 60,
            },
            80..99 => Beat {
                first: 0,
                every: [5, 10, 15, 20, 30][usize::try_from(self.below(5)).unwrap()],
            },
            _ => Beat { first: 0, every: 1 },
        }
    }
}

/// Jobs, and the recurrences that they share.
struct Fleet {
    ids: Vec<String>,
    /// By job: recurrence, stagger, group, length of a run.
    jobs: Vec<(usize, i64, u32, i64)>,
    beats: Vec<Beat>,
}

impl Fleet {
    fn of(jobs: usize) -> Self {
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        let (mut known, mut beats) = (HashMap::new(), Vec::new());
        let of_job = |_| {
            let beat = dice.beat();
            let recurrence = *known.entry(beat).or_insert_with(|| {
                beats.push(beat);
                beats.len() - 1
            });
            let staggered = dice.below(20) == 0;
            let stagger = if staggered { dice.below(300_000) } else { 0 };
            let model = dice.below(3);
            let run_ms = 30_000 * (1 + model);
            let group = u32::try_from(model).unwrap();
            (recurrence, stagger, group, run_ms)
        };
        Self {
            jobs: (0..jobs).map(of_job).collect(),
            ids: (0..jobs)
                .map(|n| format!("00000000-0000-4000-8000-{n:012}"))
                .collect(),
            beats,
        }
    }

    fn input(&self, jitter: Jitter) -> Input<'_> {
        Input {
            jobs: (self.ids.iter().zip(&self.jobs))
                .map(
                    |(id, &(recurrence, native_offset_ms, group, run_ms))| PlanJob {
                        id,
                        source: 0,
                        recurrence: recurrence.try_into().unwrap(),
                        native_offset_ms,
                        group,
                        run_ms,
                        shown: true,
                    },
                )
                .collect(),
            recurrences: self.beats.iter().map(|b| b as &dyn Recurrence).collect(),
            groups: ["anthropic", "openai", "google"]
                .map(str::to_owned)
                .to_vec(),
            dispatch: vec![Dispatch::Pool { slots: 8 }],
            horizon: Horizon {
                from_ms: START,
                until_ms: START + DAY,
            },
            options: Options {
                jitter,
                seed: 7,
                burst: 2,
                restagger: false,
            },
        }
    }
}

/// Counts bursts, and asks for nothing else.
#[derive(Default)]
struct Count(usize);

impl Sink for Count {
    fn wants_members(&self, _burst: &Burst) -> bool {
        false
    }

    fn burst(&mut self, _burst: Burst) -> ControlFlow<()> {
        self.0 += 1;
        ControlFlow::Continue(())
    }
}

fn main() {
    let mut c = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
        .sample_size(10)
        .configure_from_args();
    let jitters = [
        ("spread", Jitter::Spread { window_ms: 5000 }),
        ("fit", Jitter::Fit { max_concurrent: 10 }),
        ("hash", Jitter::Hash { window_ms: 5000 }),
    ];
    for jobs in [1000, 100_000] {
        let fleet = Fleet::of(jobs);
        let mut group = c.benchmark_group(format!("plan/{jobs} jobs, 24 h"));
        for (name, jitter) in jitters {
            let input = fleet.input(jitter);
            let fires = plan(&input, &mut Count::default()).totals.fires;
            group.throughput(Throughput::Elements(fires));
            group.bench_function(BenchmarkId::from_parameter(name), |b| {
                b.iter(|| {
                    let mut count = Count::default();
                    let outcome = plan(black_box(&input), &mut count);
                    (outcome, count.0)
                });
            });
        }
        group.finish();
    }
    c.final_summary();
}
