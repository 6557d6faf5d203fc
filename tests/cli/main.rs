//! Tests of the real binary in a sealed environment. One module per command.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare files and look at them, and fail by panicking"
)]

// The sealed environment that every other module uses.
mod sandbox;

// The contract, clause by clause, on adapters that honour or break it.
mod adapter;
// Every slot against the run history: recorded states, reasons, exit codes of `audit`.
mod audit;
// Findings, formats, baselines, exit codes of `check`.
mod check;
// Every answer of the contract, the ledger, budgets, signals of `checkpoint`.
mod checkpoint;
// `checkpoint --watch`: pace, limits, breaker, signals, reloads, metrics, logs.
mod checkpoint_watch;
// Settings: precedence, origins, contexts.
mod config;
// Mistakes in cronctl.toml.
mod config_file;
// Which model runs: the scenarios, the recorded matrix, versions, drift, damage.
mod explain_model;
// The published contract against the code and against what real systems said.
mod contract;
// Checked-in completions, manual pages and schemas equal what the code gives.
mod generated;
mod honour;
// Fires, words, clock changes, traps, comparison, batch.
mod next;
// The delay of a job, printed or waited out: same process, exit code and signals.
mod jitter;
// `checkpoint --openclaw-gateway`: recorded frames over a real WebSocket.
mod openclaw_gateway;
// Turns of recorded OpenClaw states.
mod openclaw_turns;
// Formats, columns, sorting, colour, closed pipes, full disks.
mod output;
// The worked cases, the recorded states, formats, contradictions of `plan`.
mod plan;
// `--chart`: the files as a browser sees them.
mod chart;
// `plan --jobs --config`: as of the state directory.
mod plan_config;
// `cronctl jitter` before the commands of a crontab.
mod plan_prefix;
// `plan --what-if`: the incident rehearsed.
mod plan_rehearsal;
// `plan --restart-at`: catch-up by version.
mod plan_restart;
// `plan --suggest`: changes that realise the plan.
mod plan_suggest;
// `plan --watch`: the next bursts, counting down.
mod plan_watch;
// The README: its picture, its table, its commands.
mod readme;
// The platform of `cronctl sandbox`, over real sockets.
mod sandbox_platform;
// JSON documents of the real binary against the published schemas.
mod schema;
// Hostile names and answers, where tokens go, modes of files.
mod security;
// Real state: recorded directories, files of jobs, pipes, damage, discovery.
mod states;
// Turns of a platform: the worked cases, bad answers, memory, watching.
mod turns;
// Help of every command, and wrong command lines.
mod usage;

#[test]
fn every_file_here_is_a_module_of_this_binary() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");
    let own = std::fs::read_to_string(format!("{directory}/main.rs")).unwrap();
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|m| *m != "main") else {
            continue;
        };
        assert!(
            own.contains(&format!("\nmod {module};\n")),
            "tests/cli/{name} is not listed in main.rs, so it never runs"
        );
    }
}
