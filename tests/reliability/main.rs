//! The loop left running: killed at any instant, and under faults of the network, the platform, the
//! disk and the clock. The real binary, over real sockets, in a sealed environment.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests prepare files and look at them, and fail by panicking"
)]

// The clock is set anew, forward and back; the platform's is wrong.
#[cfg(target_os = "linux")]
mod clocks;
// The ledger's disk: full, read-only, gone; the file damaged.
mod disk;
// Killed at random instants, at least 200 times.
mod kill;
// Killed, and against `cronctl sandbox`.
mod kill_sandbox;
// The way to the platform: refused, reset, slow, throttled, no name.
mod network;
// Backoff that goes on over kills.
#[cfg(target_os = "linux")]
mod patience;
// The platform itself: restarts, half of its routes.
mod platform;
// A PostgreSQL of their own.
#[path = "../support/postgres.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod postgres;
// Several loops on one ledger in PostgreSQL.
mod replicas;
// A sealed world, a platform, the ledger read.
mod support;

#[test]
fn every_file_here_is_a_module_of_this_binary() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reliability");
    let own = std::fs::read_to_string(format!("{directory}/main.rs")).unwrap();
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|m| *m != "main") else {
            continue;
        };
        assert!(
            own.contains(&format!("\nmod {module};\n")),
            "tests/reliability/{name} is not listed in main.rs, so it never runs"
        );
    }
}
