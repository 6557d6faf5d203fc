//! Prints 100,000 jobs as NDJSON, in the shape of `openclaw cron list --json`: the load that `plan`
//! is measured with (docs/performance.md). `generate state DIR N` writes a state directory instead,
//! as gateways up to 2026.5 keep it, with N jobs and a session row for each: the load of
//! `explain-model`; `generate state DIR N runs` adds a run log for each.
//!
//! About 27,000 distinct pairs of expression and zone, 3.6 million fires in the 24 hours from
//! 2026-03-07T20:00Z, which cross the start of daylight saving time in America. Always the same.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

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
        0..370 => format!("{minute} {hour} * * *"),
        370..510 => format!("{minute} {hour} * * 1-5"),
        510..550 => format!("{minute} {hour} {} * *", 1 + dice.below(28)),
        550..750 => format!("{minute} * * * *"),
        750..800 => format!("0 */{} * * *", 1 + dice.below(6)),
        800..924 => format!("*/{} * * * *", dice.one_of(&[5, 10, 15, 20, 30])),
        924..994 => format!("{minute}-59/{} {hour}-23 * * *", 2 + dice.below(10)),
        _ => "* * * * *".to_owned(),
    }
}

/// One job, and the model that it names.
fn job(dice: &mut Dice, n: u64) -> (String, String, &'static str) {
    let (zone, model) = (dice.one_of(&ZONES), dice.one_of(&MODELS));
    let expr = expression(dice);
    let (a, b) = (dice.below(1 << 32), dice.below(1 << 16));
    let id = format!("{a:08x}-{b:04x}-4000-8000-{n:012}");
    let job = format!(
        r#"{{"id":"{id}","name":"job {n}","enabled":true,"createdAtMs":1767225600000,"schedule":{{"kind":"cron","expr":"{expr}","tz":"{zone}","staggerMs":0}},"sessionTarget":"isolated","wakeMode":"now","payload":{{"kind":"agentTurn","message":"do it","model":"{model}"}},"state":{{"nextRunAtMs":1772913600000}}}}"#,
    );
    (id, job, model)
}

const CONFIG: &str = r#"{
  meta: { lastTouchedVersion: "2026.3.28" },
  agents: {
    defaults: {
      model: { primary: "anthropic/claude-sonnet-4-6", fallbacks: ["google/gemini-3-flash"] },
      models: {
        "anthropic/claude-sonnet-4-6": { alias: "sonnet" },
        "openai/gpt-5.4-nano": { alias: "nano" },
        "google/gemini-3-flash": {},
      },
    },
    list: [ { id: "main", default: true } ],
  },
}
"#;

/// Writes a state directory. Every other row has an override.
fn state(dir: &Path, count: u64, runs: bool) -> std::io::Result<()> {
    let sessions = dir.join("agents/main/sessions");
    std::fs::create_dir_all(&sessions)?;
    // Gateways make the directory of logs when the first run ends.
    let logs = if runs { "cron/runs" } else { "cron" };
    std::fs::create_dir_all(dir.join(logs))?;
    std::fs::write(dir.join("openclaw.json"), CONFIG)?;
    let mut jobs = BufWriter::new(File::create(dir.join("cron/jobs.json"))?);
    let mut rows = BufWriter::new(File::create(sessions.join("sessions.json"))?);
    write!(jobs, r#"{{"version":1,"jobs":["#)?;
    write!(rows, "{{")?;
    let mut dice = Dice(20_260_307);
    for n in 0..count {
        let (id, job, model) = job(&mut dice, n);
        let comma = if n == 0 { "" } else { "," };
        write!(jobs, "{comma}\n{job}")?;
        let chosen = if n % 2 == 0 {
            r#","providerOverride":"openai","modelOverride":"gpt-5.4-nano""#
        } else {
            ""
        };
        write!(
            rows,
            "{comma}\n{}",
            format_args!(
                r#""agent:main:cron:{id}":{{"sessionId":"{n:08x}-0000-4000-8000-000000000000","updatedAt":1772910000000,"label":"Cron: job {n}","modelProvider":"anthropic","model":"claude-sonnet-4-6"{chosen},"inputTokens":1200,"outputTokens":300,"systemSent":true,"abortedLastRun":false}}"#
            )
        )?;
        if runs {
            let (provider, model) = model.split_once('/').unwrap_or(("", model));
            let run = format!(
                r#"{{"ts":1772910000100,"jobId":"{id}","action":"finished","status":"ok","runAtMs":1772910000000,"durationMs":100,"model":"{model}","provider":"{provider}"}}"#
            );
            std::fs::write(
                dir.join("cron/runs").join(format!("{id}.jsonl")),
                run + "\n",
            )?;
        }
    }
    writeln!(jobs, "\n]}}")?;
    writeln!(rows, "\n}}")?;
    jobs.flush()?;
    rows.flush()
}

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|n| n.parse().ok());
    if args.first().is_some_and(|a| a == "state") {
        let dir = args.get(1).map_or("state", String::as_str);
        let runs = args.get(3).is_some_and(|a| a == "runs");
        return state(Path::new(dir), number(2).unwrap_or(10_000), runs);
    }
    let mut dice = Dice(20_260_307);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for n in 0..number(0).unwrap_or(100_000u64) {
        let (_, job, _) = job(&mut dice, n);
        writeln!(out, "{job}")?;
    }
    out.flush()
}
