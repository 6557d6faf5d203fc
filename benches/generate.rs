//! Prints 100,000 jobs as NDJSON, in the shape of `openclaw cron list --json`: the load that `plan`
//! is measured with (docs/performance.md).
//!
//! About 27,000 distinct pairs of expression and zone, 3.6 million fires in the 24 hours from
//! 2026-03-07T20:00Z, which cross the start of daylight saving time in America. Always the same.

use std::io::{BufWriter, Write};

const ZONES: [&str; 7] = [
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
];

const MODELS: [&str; 3] = [
    "openai/gpt-5.4-nano",
    "anthropic/claude-sonnet-4-6",
    "google/gemini-3-flash",
];

/// A linear congruential generator: enough to scatter, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        let (factor, step) = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.0 = self.0.wrapping_mul(factor).wrapping_add(step);
        (self.0 >> 33) % n
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u64::try_from(choices.len()).unwrap_or(1);
        choices[usize::try_from(self.below(count)).unwrap_or(0)]
    }
}

fn expression(dice: &mut Dice) -> String {
    let minute = dice.below(60);
    let hour = dice.below(24);
    match dice.below(1000) {
        0..300 => format!("{minute} {hour} * * *"),
        300..450 => format!("{minute} {hour} * * 1-5"),
        450..550 => format!("{minute} {hour} {} * *", 1 + dice.below(28)),
        550..750 => format!("{minute} * * * *"),
        750..800 => format!("0 */{} * * *", 1 + dice.below(6)),
        800..950 => format!("*/{} * * * *", dice.one_of(&[5, 10, 15, 20, 30])),
        950..990 => format!("{minute}-59/{} {hour}-23 * * *", 2 + dice.below(10)),
        _ => "* * * * *".to_owned(),
    }
}

fn main() -> std::io::Result<()> {
    let count = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000u64);
    let mut dice = Dice(20_260_307);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for n in 0..count {
        let (zone, model) = (dice.one_of(&ZONES), dice.one_of(&MODELS));
        let expr = expression(&mut dice);
        let (a, b) = (dice.below(1 << 32), dice.below(1 << 16));
        writeln!(
            out,
            r#"{{"id":"{a:08x}-{b:04x}-4000-8000-{n:012}","name":"job {n}","enabled":true,"createdAtMs":1767225600000,"schedule":{{"kind":"cron","expr":"{expr}","tz":"{zone}","staggerMs":0}},"sessionTarget":"isolated","wakeMode":"now","payload":{{"kind":"agentTurn","message":"do it","model":"{model}"}},"state":{{"nextRunAtMs":1772913600000}}}}"#,
        )?;
    }
    out.flush()
}
