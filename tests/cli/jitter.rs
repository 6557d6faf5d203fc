//! `cronctl jitter`: the plan's delay, and becoming a command.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

fn delays(line: &str) -> Value {
    let run = Sandbox::new().run(&format!("jitter {line} --json"));
    assert_eq!(run.code, Some(0), "{run}");
    run.json::<Value>()["delays"][0].clone()
}

/// The offsets that a plan gives to the ids, which are all due at 05:00 UTC.
fn planned(ids: &[&str], jitter: &str) -> Vec<(String, i64)> {
    let job = |id: &&str| json!({"id": id, "schedule": {"kind": "cron", "expr": "0 22 * * *", "tz": "America/Los_Angeles"}, "payload": {"kind": "systemEvent", "text": "x"}});
    let jobs = json!({"version": 1, "jobs": ids.iter().map(job).collect::<Vec<_>>()});
    let line = format!("plan --jobs - --tick 2026-04-01T05:00Z {jitter} --fires --json -q");
    let run = Sandbox::new()
        .command(line.split_whitespace())
        .stdin(jobs.to_string())
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    let fires = run.json::<Value>()["fires"].clone();
    let of = |f: &Value| {
        let id = f["job"].as_str().unwrap().to_owned();
        (id, f["jitter_ms"].as_i64().unwrap())
    };
    fires.as_array().unwrap().iter().map(of).collect()
}

const IDS: [&str; 5] = ["job-a", "digest-eu", "mail-triage", "inbox-zero", "日次"];

#[test]
fn the_delay_is_a_number_for_sleep_and_that_of_the_scheduler() {
    // Recorded offsets of sha256(id).
    for (id, window, text) in [
        ("slbe-nightly-optimizer", "5s", "3.592\n"),
        ("job-a", "5s", "2.637\n"),
        ("job-a", "300s", "252.637\n"),
        ("5f1c1a52-8f3e-4a5b-9c1d-0b6f6c2d7e01", "30s", "22.198\n"),
        ("job-a", "0", "0\n"),
    ] {
        let line = format!("jitter {id} --window {window}");
        assert_eq!(Sandbox::new().run(&line).ok(), text, "{line}");
    }
    assert_eq!(
        Sandbox::new().run("jitter slbe-nightly-optimizer").ok(),
        "3.592\n",
        "5 s without --window"
    );
}

#[test]
fn it_equals_the_plan_whatever_the_strategy() {
    for window in ["5s", "61s", "10m"] {
        for (id, offset) in planned(&IDS, &format!("--jitter hash --window {window}")) {
            let row = delays(&format!("{id} --window {window}"));
            assert_eq!(row["delay_ms"], offset, "{id} {window}");
            assert_eq!(row["hashed"], *id);
        }
    }
    let tick = "--tick 2026-04-01T05:00Z";
    for (id, offset) in planned(&IDS, "--jitter random --window 90s --seed 11") {
        let line = format!("{id} --strategy random --window 90s --seed 11 {tick}");
        assert_eq!(delays(&line)["delay_ms"], offset, "{line}");
    }
    let in_order = planned(&IDS, "--jitter gap --gap 2s..5s --seed 3");
    assert_eq!(in_order.len(), 5);
    for (rank, (id, offset)) in in_order.iter().enumerate() {
        let line = format!("{id} --gap 2s..5s --rank {rank} --seed 3 {tick}");
        assert_eq!(delays(&line)["delay_ms"], *offset, "{line}");
    }
}

#[test]
fn the_tick_of_a_seeded_draw_is_the_current_minute() {
    let at = |now: &str| {
        let line = "jitter a --strategy random --window 1h --seed 5 --json";
        let run = Sandbox::new()
            .command(line.split(' '))
            .env("CRONCTL_NOW", now)
            .run();
        run.json::<Value>()["delays"][0].clone()
    };
    let first = at("2026-04-01T05:00:00.020Z");
    assert_eq!(first["tick_at"], "2026-04-01T05:00:00.000Z");
    assert_eq!(first, at("2026-04-01T05:00:59Z"));
    assert_ne!(first["delay_ms"], at("2026-04-01T05:01:00Z")["delay_ms"]);
}

#[test]
fn a_draw_without_a_seed_is_another_one_each_time() {
    let draws: std::collections::BTreeSet<i64> = (0..6)
        .map(|_| {
            delays("a --strategy random --window 30d")["delay_ms"]
                .as_i64()
                .unwrap()
        })
        .collect();
    assert!(draws.len() > 1, "{draws:?}");
    assert!(draws.iter().all(|ms| (0..30 * 86_400_000).contains(ms)));
}

#[test]
fn a_salt_is_hashed_behind_the_id_and_a_slash() {
    let salted = delays("job-a --salt host-1 --window 1h");
    assert_eq!(salted["hashed"], "job-a/host-1");
    assert_eq!(
        salted["delay_ms"],
        delays("job-a/host-1 --window 1h")["delay_ms"]
    );
    assert_ne!(
        salted["delay_ms"],
        delays("job-a --salt host-2 --window 1h")["delay_ms"]
    );
    let run = Sandbox::new()
        .command(["jitter", "job-a", "--salt", ""])
        .run();
    assert_eq!(run.code, Some(2), "{run}");
}

#[test]
fn a_gap_needs_the_rank_that_an_id_alone_does_not_tell() {
    let run = Sandbox::new().run("jitter job-a --gap 2s..5s");
    assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run}");
    assert!(run.stderr.contains("--rank N"), "{run}");
    assert!(run.stderr.contains("an id alone does not say"), "{run}");
    assert!(
        run.stderr.contains("cronctl plan --jitter gap --fires"),
        "{run}"
    );
    for line in [
        "jitter a --gap 2s..5s --rank 1 --window 5s",
        "jitter a --gap 2s..5s --rank 1 --salt x",
        "jitter a --rank 1",
        "jitter a --seed 1",
        "jitter",
    ] {
        assert_eq!(Sandbox::new().run(line).code, Some(2), "{line}");
    }
}

#[test]
fn a_tick_may_name_its_zone() {
    let at = |tick: &str| {
        let args = [
            "jitter",
            "a",
            "--strategy",
            "random",
            "--seed",
            "3",
            "--tick",
            tick,
            "--json",
        ];
        let run = Sandbox::new().command(args).run();
        assert_eq!(run.code, Some(0), "{run}");
        run.json::<Value>()["delays"][0].clone()
    };
    assert_eq!(
        at("2026-03-31T22:00[America/Los_Angeles]"),
        at("2026-03-31T22:00-07:00")
    );
    let run =
        Sandbox::new().run("jitter a --strategy random --seed 3 --tick 2026-03-31T22:00[Mars/X]");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("is not a known time zone"), "{run}");
}

#[test]
fn what_is_too_long_to_count_is_called_so() {
    for line in [
        "jitter a --window 100000000d",
        "jitter a --window 99999999999999999999999s",
        "jitter a --gap 1000000d..1000000d --rank 1000000",
    ] {
        let run = Sandbox::new().run(line);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run}");
        assert!(run.stderr.contains("longer than can be counted"), "{run}");
    }
    let run = Sandbox::new().run("jitter a --window 10x");
    assert!(run.stderr.contains("is not a duration"), "{run}");
}

#[test]
fn other_formats_have_every_field() {
    let sandbox = Sandbox::new();
    let csv = sandbox.run("jitter job-a -o csv").ok();
    assert!(
        csv.lines().nth(1).unwrap().starts_with("2637,job-a,"),
        "{csv}"
    );
    let rows: Vec<Value> = sandbox.run("jitter job-a -o ndjson").ndjson();
    assert_eq!(rows[0]["delay_ms"], 2637);
}

#[test]
fn a_broken_configuration_does_not_hinder_it() {
    let sandbox = Sandbox::new();
    sandbox.write("work/cronctl.toml", "this is = no toml [");
    assert_eq!(sandbox.run("jitter job-a").ok(), "2.637\n");
}

#[cfg(unix)]
mod becoming {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use super::*;

    fn becomes(args: &[&str]) -> Run {
        let all = ["jitter", "x", "--window", "0"].iter().chain(args);
        Sandbox::new()
            .command(all)
            .env("PATH", "/usr/bin:/bin")
            .run()
    }

    #[test]
    fn it_is_the_same_process_with_its_arguments_and_exit_code() {
        let script = "echo $$; echo \"$1\"; echo err >&2; exit 41";
        let sandbox = Sandbox::new();
        let child = sandbox
            .command([
                "jitter", "x", "--window", "2ms", "--", "/bin/sh", "-c", script, "sh", "--json",
            ])
            .spawn();
        let pid = child.id();
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("{pid}\n--json\n")
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "err\n");
        assert_eq!(output.status.code(), Some(41));
    }

    #[test]
    fn it_reads_the_same_input_and_says_nothing_itself() {
        let run = Sandbox::new()
            .command(["jitter", "x", "--window", "0", "--", "/bin/cat"])
            .stdin("as it was")
            .run();
        assert_eq!(run.ok(), "as it was");
    }

    #[test]
    fn signals_reach_the_command_as_they_would_without_it() {
        let run = becomes(&["--", "/bin/sh", "-c", "kill -9 $$"]);
        assert_eq!(run.code, None, "{run}");
        // Broken pipes end the command: its signals are the default ones.
        let run = becomes(&["--", "/bin/sh", "-c", "kill -PIPE $$; echo survived"]);
        assert_eq!((run.code, &*run.stdout), (None, ""), "{run}");
    }

    #[test]
    fn options_about_an_answer_do_not_go_with_a_command() {
        for option in [
            "-o json",
            "-o table",
            "--json",
            "--columns id",
            "--sort id",
            "--no-headers",
            "--context prod",
        ] {
            let line = format!("jitter x --window 0 {option} -- /bin/echo started");
            let run = Sandbox::new().run(&line);
            assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{line}: {run}");
            assert!(run.stderr.contains("does not apply"), "{run}");
        }
        // A preference of the environment is none.
        let run = Sandbox::new()
            .command(["jitter", "x", "--window", "0", "--", "/bin/echo", "started"])
            .env("CRONCTL_OUTPUT", "json")
            .run();
        assert_eq!(run.ok(), "started\n");
    }

    #[test]
    fn what_is_ignored_stays_ignored_but_for_broken_pipes() {
        for (signal, survives) in [("HUP", true), ("USR1", true), ("PIPE", false)] {
            let inner = format!("kill -{signal} $$; echo survived");
            let script =
                format!("trap '' {signal}; exec \"$0\" jitter a --window 0 -- sh -c '{inner}'");
            let shell = Command::new("/bin/sh")
                .args(["-c", &script, env!("CARGO_BIN_EXE_cronctl")])
                .output()
                .unwrap();
            let expected: &[u8] = if survives { b"survived\n" } else { b"" };
            assert_eq!(shell.stdout, expected, "{signal}: {shell:?}");
        }
        let help = Sandbox::new().run("jitter --help").ok();
        assert!(help.contains("but for SIGPIPE"), "{help}");
    }

    /// Whether this process ignores a signal, as far as the system says.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
        let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    #[test]
    fn a_signal_during_the_wait_ends_it_without_the_command() {
        // A shell has its background jobs ignore SIGINT, and so do those that they start.
        let signals = [("TERM", 15), ("INT", 2)];
        for (name, number) in signals.into_iter().filter(|(_, n)| !is_ignored(*n)) {
            let sandbox = Sandbox::new();
            let child = sandbox
                .command([
                    "jitter",
                    "job-a",
                    "--window",
                    "24h",
                    "--",
                    "/bin/echo",
                    "started",
                ])
                .spawn();
            let sent = Command::new("/bin/kill")
                .args([format!("-{name}"), child.id().to_string()])
                .stdout(Stdio::null())
                .status();
            assert!(sent.unwrap().success());
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.signal(), Some(number), "{output:?}");
            assert_eq!(output.stdout, b"");
        }
        // What a shell makes of it.
        let script =
            "\"$0\" jitter job-a --window 24h -- echo started & kill -TERM $!; wait $!; echo $?";
        let shell = Command::new("/bin/sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_cronctl")])
            .output();
        assert_eq!(shell.unwrap().stdout, b"143\n");
    }

    #[test]
    fn what_cannot_be_started_has_the_exit_codes_of_shells() {
        let run = becomes(&["--", "no-such-command", "-x"]);
        assert_eq!((run.code, &*run.stdout), (Some(127), ""), "{run}");
        assert!(
            run.stderr.contains("no-such-command: command not found"),
            "{run}"
        );
        assert!(run.stderr.contains("hint: "), "{run}");
        let run = becomes(&["--", "cd /tmp && ls"]);
        assert_eq!(run.code, Some(127), "{run}");
        assert!(run.stderr.contains("sh -c"), "{run}");
        // The hint about PATH is for names that are looked for there.
        let run = becomes(&["--", "./no-such-directory/x"]);
        assert_eq!(run.code, Some(127), "{run}");
        assert!(!run.stderr.contains("PATH"), "{run}");
        let sandbox = Sandbox::new();
        let file = sandbox.write("work/script", "#!/no/such/interpreter\n");
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let run = becomes(&["--", file.to_str().unwrap()]);
        assert_eq!(run.code, Some(127), "{run}");
        assert!(
            run.stderr.contains("its interpreter does not exist"),
            "{run}"
        );
        let run = becomes(&["--", ""]);
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("is empty"), "{run}");
        let file = sandbox.write("work/plain", "no program");
        let run = sandbox
            .command(["jitter", "x", "--window", "0", "--"])
            .arg(&file)
            .run();
        assert_eq!((run.code, &*run.stdout), (Some(126), ""), "{run}");
        assert!(run.stderr.contains("cannot be executed"), "{run}");
    }
}
