//! How long one `next` takes, and one fire of an enumeration.
//!
//! Goals: below 350 ns per `next` in New York for everyday expressions, below 15 ns per fire.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use cronctl::schedule::{Cron, Rules, Version};
use cronctl::zones::Zones;

const RULES: [(&str, Rules); 3] = [
    (
        "openclaw-2026.9.6",
        Rules::OpenClaw(Version::new(2026, 9, 6)),
    ),
    (
        "openclaw-2026.3.31",
        Rules::OpenClaw(Version::new(2026, 3, 31)),
    ),
    ("molecule", Rules::Molecule),
];

const EXPRESSIONS: [&str; 6] = [
    "* * * * *",
    "0 * * * *",
    "*/15 9-17 * * 1-5",
    "0 9 * * *",
    "0 9 13 * 5",
    "0 0 29 2 *",
];

/// 2026-01-01T00:00:00Z, and a year.
const START: i64 = 1_767_225_600_000;
const YEAR: i64 = 31_536_000_000;

/// Instants spread over 2026, the same in every run.
fn instants() -> Vec<i64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from(state >> 1).unwrap_or(0)
    };
    (0..4_096).map(|_| START + draw() % YEAR).collect()
}

fn next(c: &mut Criterion, zones: &Zones) {
    let instants = instants();
    for zone in ["UTC", "America/New_York"] {
        for (name, rules) in RULES {
            let mut group = c.benchmark_group(format!("next/{name}/{zone}"));
            group.throughput(Throughput::Elements(1));
            for expr in EXPRESSIONS {
                let cron = Cron::compile(rules, expr, Some(zone), zones).unwrap();
                group.bench_function(BenchmarkId::from_parameter(expr), |b| {
                    let mut at = instants.iter().cycle();
                    b.iter(|| cron.next(black_box(*at.next().unwrap_or(&START))));
                });
            }
            group.finish();
        }
    }
}

fn each(c: &mut Criterion, zones: &Zones) {
    for (name, rules) in RULES {
        let mut group =
            c.benchmark_group(format!("each/{name}/America/New_York, 30 days from March"));
        // 2026-03-01T00:00:00Z on: across the change of 8 March.
        let (from, until) = (1_772_323_200_000, 1_774_915_200_000);
        for expr in &EXPRESSIONS[..4] {
            let cron = Cron::compile(rules, expr, Some("America/New_York"), zones).unwrap();
            let mut fires = 0;
            let _ = cron.each_fire(from, until, |_| fires += 1);
            group.throughput(Throughput::Elements(fires));
            group.bench_function(BenchmarkId::from_parameter(expr), |b| {
                b.iter(|| {
                    let mut sum = 0_i64;
                    let done = cron.each_fire(black_box(from), until, |at| sum ^= at);
                    (done, sum)
                });
            });
        }
        group.finish();
    }
}

fn compile(c: &mut Criterion, zones: &Zones) {
    let mut group = c.benchmark_group("compile");
    for (name, rules) in RULES {
        group.bench_function(name, |b| {
            let expr = "*/15 9-17 * * 1-5";
            b.iter(|| Cron::compile(rules, black_box(expr), Some("America/New_York"), zones));
        });
    }
    group.finish();
}

fn main() {
    let mut c = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20)
        .configure_from_args();
    let zones = Zones::built_in();
    next(&mut c, &zones);
    each(&mut c, &zones);
    compile(&mut c, &zones);
    c.final_summary();
}
