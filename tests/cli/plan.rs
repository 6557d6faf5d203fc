//! `cronctl plan`: the worked cases, the recorded states, formats, contradictions.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

const FIRST_BURST_MS: i64 = 1_775_019_600_000; // 2026-04-01T05:00:00Z, 22:00 in Los Angeles

fn uuid(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn job(id: &str, expr: &str, tz: &str, model: &str) -> Value {
    json!({
        "id": id, "name": format!("job {id}"), "enabled": true, "createdAtMs": 1_767_225_600_000_i64,
        "schedule": {"kind": "cron", "expr": expr, "tz": tz},
        "sessionTarget": "isolated", "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": "go", "model": model},
    })
}

/// The 24 jobs of the burst, 16 on one provider and 8 on another.
fn burst() -> Vec<Value> {
    (0..24)
        .map(|n| {
            let model = if n < 16 {
                "anthropic/claude-sonnet-4-6"
            } else {
                "openai/gpt-5.4-nano"
            };
            job(&uuid(n), "0 22 * * *", "America/Los_Angeles", model)
        })
        .collect()
}

fn plan(jobs: &[Value], line: &str) -> Run {
    let args = ["plan", "--jobs", "-", "--quiet"]
        .into_iter()
        .chain(line.split_whitespace());
    let stdin = serde_json::to_vec(&json!({"version": 1, "jobs": jobs})).unwrap();
    Sandbox::new().command(args).stdin(stdin).run()
}

fn planned(jobs: &[Value], line: &str) -> Value {
    let run = plan(jobs, &format!("{line} --json"));
    assert_eq!(run.code, Some(0), "{run}");
    run.json()
}

const P8: &str = "--from 2026-03-31T00:00-07:00 --for 24h";

fn starts(document: &Value) -> Vec<i64> {
    let fires = document["fires"].as_array().unwrap();
    fires
        .iter()
        .map(|f| f["planned_at_ms"].as_i64().unwrap())
        .collect()
}

fn per_second(starts: &[i64]) -> Vec<usize> {
    let second = |t: &i64| (t - FIRST_BURST_MS) / 1000;
    let last = starts.iter().map(second).max().unwrap();
    (0..=last)
        .map(|s| starts.iter().filter(|t| second(t) == s).count())
        .collect()
}

fn finding<'a>(document: &'a Value, kind: &str) -> &'a str {
    let findings = document["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["kind"] == kind);
    found.unwrap_or_else(|| panic!("no finding {kind}: {findings:#?}"))["text"]
        .as_str()
        .unwrap()
}

#[test]
fn p8_natively_all_24_start_at_once_and_the_default_window_does_not_apply() {
    let document = planned(&burst(), &format!("{P8} --jitter native --fires"));
    assert_eq!(starts(&document), vec![FIRST_BURST_MS; 24]);
    for fire in document["fires"].as_array().unwrap() {
        assert_eq!(fire["planned_at"], "2026-04-01T05:00:00.000Z");
        assert_eq!(fire["stagger_ms"], 0);
        let reason = fire["stagger_reason"].as_str().unwrap();
        assert!(
            reason.contains("fixed hour: default window does not apply"),
            "{reason}"
        );
    }
    assert_eq!(document["peaks"][0]["before"]["starts_per_second"], 24);
}

#[test]
fn p8_hashed_into_five_seconds_the_starts_are_4_5_5_9_1_and_concurrency_stays() {
    for run_length in ["5s", "60s", "900s"] {
        let line = format!("{P8} --jitter hash --window 5s --run-length {run_length}");
        let document = planned(&burst(), &format!("{line} --fires"));
        assert_eq!(per_second(&starts(&document)), [4, 5, 5, 9, 1]);
        let document = planned(&burst(), &line);
        assert_eq!(
            document["bursts"][0]["concurrent_after"], 24,
            "{run_length}"
        );
        let said = finding(&document, "window-below-run-length");
        assert!(
            said.contains("but not its concurrency: 24 of its 24"),
            "{said}"
        );
    }
}

#[test]
fn p8_spread_over_five_seconds_reaches_the_ideal_of_five() {
    let document = planned(&burst(), &format!("{P8} --fires"));
    assert_eq!(per_second(&starts(&document)), [5, 5, 5, 5, 4]);
}

#[test]
fn p8_gaps_of_two_to_five_seconds_add_up_to_between_46_and_115_seconds() {
    for seed in 0..20 {
        let document = planned(
            &burst(),
            &format!("{P8} --gap 2s..5s --seed {seed} --fires"),
        );
        let starts = starts(&document);
        assert_eq!(starts[0], FIRST_BURST_MS);
        let last = starts[23] - FIRST_BURST_MS;
        assert!((46_000..=115_000).contains(&last), "seed {seed}: {last}");
        for pair in starts.windows(2) {
            assert!(
                (2000..=5000).contains(&(pair[1] - pair[0])),
                "seed {seed}: {pair:?}"
            );
        }
    }
}

#[test]
fn p8_window_and_gap_together_are_refused_with_the_reason() {
    let run = plan(&burst(), &format!("{P8} --window 5s --gap 2s..5s"));
    assert_eq!(run.code, Some(2), "{run}");
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("23 × 2 s = 46 s"), "{run}");
}

#[test]
fn p8_same_input_and_seed_give_the_same_bytes_in_any_order_of_the_jobs() {
    for jitter in [
        "spread",
        "hash",
        "random",
        "gap",
        "native",
        "none",
        "fit --max-concurrent 3",
    ] {
        let line = format!("{P8} --jitter {jitter} --seed 11 --fires");
        let forward = plan(&burst(), &format!("{line} --json"));
        let again = plan(&burst(), &format!("{line} --json"));
        assert_eq!(forward.stdout, again.stdout, "{jitter}");
        let mut reversed = burst();
        reversed.reverse();
        let reversed: Value = plan(&reversed, &format!("{line} --json")).json();
        let forward: Value = forward.json();
        assert_eq!(forward["fires"], reversed["fires"], "{jitter}");
        assert_eq!(forward["peaks"], reversed["peaks"], "{jitter}");
    }
}

#[test]
fn p8_disabled_and_lone_jobs_are_not_counted_and_not_moved() {
    let mut jobs = burst();
    let mut disabled = job("disabled", "0 22 * * *", "America/Los_Angeles", "a/b");
    disabled["enabled"] = json!(false);
    jobs.push(disabled);
    jobs.push(job("lone", "30 21 * * *", "America/Los_Angeles", "a/b"));
    let with = planned(&jobs, &format!("{P8} --fires"));
    let without = planned(&burst(), &format!("{P8} --fires"));
    let mut fires = with["fires"].as_array().unwrap().clone();
    let lone = fires.iter().position(|f| f["job"] == "lone").unwrap();
    let lone = fires.remove(lone);
    assert_eq!(lone["jitter_ms"], 0);
    assert_eq!(lone["on_tick"], 1);
    assert_eq!(Value::from(fires), without["fires"]);
    assert_eq!(with["jobs"]["disabled"], 1);
    assert_eq!(with["jobs"]["planned"], 25);
}

#[test]
fn p9_hourly_jobs_are_already_staggered_and_left_there() {
    let ids = ["job-a", "digest-us", "job-1", "mail-triage", "inbox-zero"];
    let jobs: Vec<Value> = ids
        .iter()
        .map(|id| job(id, "0 * * * *", "UTC", "a/b"))
        .collect();
    let document = planned(
        &jobs,
        "--from 2026-04-01T10:59:00Z --for 1h --fires --sort job",
    );
    let mut expected = [
        ("job-a", "2026-04-01T11:04:12.637Z"),
        ("digest-us", "2026-04-01T11:02:51.401Z"),
        ("job-1", "2026-04-01T11:00:47.897Z"),
        ("mail-triage", "2026-04-01T11:00:01.163Z"),
        ("inbox-zero", "2026-04-01T11:01:42.219Z"),
    ];
    expected.sort_unstable();
    let fires = document["fires"].as_array().unwrap();
    let seen: Vec<_> = fires
        .iter()
        .map(|f| {
            (
                f["job"].as_str().unwrap(),
                f["planned_at"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, expected);
    for fire in fires {
        assert_eq!(fire["jitter_ms"], 0, "no jitter of our own on top");
        let reason = fire["stagger_reason"].as_str().unwrap();
        assert!(
            reason.contains("default 5 min window, top of the hour"),
            "{reason}"
        );
    }
    let said = finding(&document, "source-stagger");
    assert!(
        said.contains("5 jobs have OpenClaw's own stagger"),
        "{said}"
    );
}

#[test]
fn p9_the_24_uuids_spread_from_3_335_to_298_425_seconds() {
    let jobs: Vec<Value> = (0..24)
        .map(|n| job(&uuid(n), "0 * * * *", "UTC", "a/b"))
        .collect();
    for (run_length, peak) in [("10s", 3), ("60s", 8), ("120s", 12), ("300s", 24)] {
        let line =
            format!("--from 2026-04-01T11:00:00Z --for 10m --run-length {run_length} --fires");
        let document = planned(&jobs, &line);
        let fires = document["fires"].as_array().unwrap();
        let offset = |f: &Value| f["native_at_ms"].as_i64().unwrap() - 1_775_041_200_000;
        assert_eq!(
            (fires[0]["job"].as_str(), offset(&fires[0])),
            (Some(&*uuid(14)), 3_335)
        );
        assert_eq!(
            (fires[23]["job"].as_str(), offset(&fires[23])),
            (Some(&*uuid(5)), 298_425)
        );
        let gaps = fires.windows(2).map(|w| offset(&w[1]) - offset(&w[0]));
        assert_eq!(gaps.min(), Some(2_266));
        assert_eq!(
            document["peaks"][0]["before"]["concurrent"], peak,
            "{run_length}"
        );
    }
}

#[test]
fn p10_a_cap_makes_a_queue() {
    for (cap, last_start, last_end) in [(24, 0, 60), (8, 120, 180), (4, 300, 360), (1, 1380, 1440)]
    {
        let line = format!("{P8} --jitter native --run-length 60s --max-concurrent-runs {cap}");
        let document = planned(&burst(), &line);
        let dispatch = &document["dispatch"][0]["before"];
        let since = |key: &str| (dispatch[key].as_i64().unwrap() - FIRST_BURST_MS) / 1000;
        assert_eq!(
            (since("last_start_ms"), since("last_end_ms")),
            (last_start, last_end),
            "{cap}"
        );
        assert_eq!(dispatch["longest_wait_ms"], last_start * 1000, "{cap}");
        assert_eq!(dispatch["peak"]["concurrent"], cap);
    }
}

#[test]
fn p10_with_the_300_s_hash_and_a_cap_of_four_the_longest_wait_is_79_909_s() {
    let mut jobs = burst();
    for job in &mut jobs {
        job["schedule"]["staggerMs"] = json!(300_000);
    }
    // A pool serves first due first: before 2026.8.1 a tick would wait for the one before it.
    let line = format!(
        "{P8} --openclaw-version 2026.9.6 --jitter native --run-length 60s --max-concurrent-runs 4"
    );
    let document = planned(&jobs, &line);
    let dispatch = &document["dispatch"][0]["before"];
    assert_eq!(dispatch["last_start_ms"], FIRST_BURST_MS + 378_334);
    assert_eq!(dispatch["longest_wait_ms"], 79_909);
}

#[test]
fn p10_peaks_are_given_in_total_and_per_provider_with_the_window_for_four() {
    let line = format!("{P8} --run-length 60s --max-concurrent-runs none --max-concurrent 4");
    let document = planned(&burst(), &line);
    let peaks: Vec<_> = document["peaks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            (
                p["group"].as_str(),
                p["before"]["concurrent"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        peaks,
        [(None, 24), (Some("anthropic"), 16), (Some("openai"), 8)]
    );
    assert_eq!(document["bursts"][0]["window_for_peak_ms"], 360_000);
    let said = finding(&document, "window-for-peak");
    assert!(said.contains("6 min (24 × 60 s ⁄ 4)"), "{said}");
    assert_eq!(document["run_lengths"][0]["origin"], "option");
    assert_eq!(document["inputs"]["model"], "declared");
}

#[test]
fn p10_says_that_a_run_length_was_assumed() {
    let document = planned(&burst(), P8);
    assert_eq!(document["run_lengths"][0]["origin"], "assumed");
    assert_eq!(document["run_lengths"][0]["shortest_ms"], 60_000);
}

#[test]
fn fit_keeps_every_provider_at_its_peak() {
    let document = planned(
        &burst(),
        &format!("{P8} --run-length 60s --jitter fit --max-concurrent 4"),
    );
    for group in document["bursts"][0]["groups"].as_array().unwrap() {
        assert_eq!(group["concurrent_after"], 4, "{group}");
    }
    let run = plan(&burst(), "--jitter fit");
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("--max-concurrent"), "{run}");
}

#[test]
fn one_tick_is_planned_alone() {
    let mut jobs = burst();
    jobs.push(job("later", "1 22 * * *", "America/Los_Angeles", "a/b"));
    let document = planned(&jobs, "--tick 2026-03-31T22:00-07:00");
    assert_eq!(document["occurrences"], 24);
    assert_eq!(document["burst_count"], 1);
    let document = planned(&jobs, "--tick 2026-03-31T22:00[America/Los_Angeles]");
    assert_eq!(document["occurrences"], 24);
}

#[test]
fn the_demo_shows_the_incident() {
    let run = Sandbox::new()
        .command(["plan", "--demo"])
        .without("CRONCTL_NOW")
        .run();
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        run.stdout
            .contains("Biggest burst: 24 jobs at 2026-03-31 22:00:00 PDT"),
        "{run}"
    );
    assert!(
        run.stdout.contains("but not its concurrency: 24 of its 24"),
        "{run}"
    );
    for provider in ["anthropic", "openai"] {
        assert!(run.stdout.contains(provider), "{run}");
    }
}

#[test]
fn an_unknown_job_names_the_nearest() {
    let sandbox = Sandbox::new();
    let command = sandbox.command(["plan", "--demo", "--job", "slbe-nightly-optimiser"]);
    let run = command.without("CRONCTL_NOW").run();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("slbe-nightly-optimizer"), "{run}");
}

#[test]
fn a_refused_schedule_is_named_and_the_others_are_planned() {
    let mut jobs = burst();
    jobs.push(job("wrong", "5/15 * * * *", "UTC", "a/b"));
    let run = plan(&jobs, P8);
    assert_eq!(run.code, Some(3), "{run}");
    assert!(run.stdout.contains("24 jobs"), "{run}");
    assert!(run.stderr.contains("5-59/15"), "the way to write it: {run}");
    assert!(
        run.stderr.contains("job 25") || run.stderr.contains("wrong"),
        "{run}"
    );
}

#[test]
fn a_target_that_no_window_reaches_is_not_blamed_on_other_ticks_alone() {
    let jobs = burst();
    let line = "--tick 2026-03-31T22:00-07:00 --jitter fit --max-concurrent 1 --run-length 10h";
    let document = planned(&jobs, line);
    let said = finding(&document, "peak-above-target");
    let clipped = document["bursts"][0]["clipped"].as_u64().unwrap();
    assert!(clipped > 0, "{document:#}");
    let why = format!("not every burst fits before its jobs are due again, which pulled {clipped}");
    assert!(said.contains(&why), "{said}");
    let window = finding(&document, "window-for-peak");
    assert!(
        !window.contains("--jitter fit"),
        "it is asked for: {window}"
    );
}

#[test]
fn jobs_that_never_fire_are_named_whatever_their_kind() {
    let mut jobs = burst();
    for (id, schedule) in [
        ("no-instant", json!({"kind": "at", "at": "tomorrow"})),
        ("no-length", json!({"kind": "every", "everyMs": 0})),
        ("no-date", json!({"kind": "cron", "expr": "0 0 30 2 *"})),
    ] {
        let mut job = job(id, "", "UTC", "a/b");
        job["schedule"] = schedule;
        jobs.push(job);
    }
    let document = planned(&jobs, &format!("{P8} --openclaw-version 2026.9.6"));
    let findings = document["findings"].as_array().unwrap();
    let never = findings.iter().filter(|f| f["kind"] == "never-fires");
    let texts: Vec<&str> = never.map(|f| f["text"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 3, "{texts:#?}");
    for part in [
        "its at is no instant",
        "everyMs or anchorMs",
        "matches no date",
    ] {
        assert_eq!(
            texts.iter().filter(|t| t.contains(part)).count(),
            1,
            "{texts:#?}"
        );
    }
}

#[test]
fn a_phase_lies_within_the_time_between_two_polls() {
    let run = plan(&burst(), "--poll-phase 30s");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("not below 30 s"), "{run}");
}

/// A long table is laid out in parts, under one header, and nothing is lost between them.
#[test]
fn a_long_table_has_one_header_and_every_row() {
    let minutely = [job("minutely", "* * * * *", "UTC", "a/b")];
    let line = "--from 2026-03-31T00:00Z --for 9d --fires --jitter native";
    let run = plan(&minutely, line);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(run.stdout.lines().count(), 1 + 9 * 1440);
    assert_eq!(
        run.stdout
            .lines()
            .filter(|l| l.starts_with("START"))
            .count(),
        1
    );
}

/// The overview shows the largest bursts, among those of one size the earliest, in the order of time,
/// and says how many there are besides; rows for scripts are all of them.
#[test]
fn the_overview_shows_the_largest_bursts_and_counts_the_others() {
    let every = |hours: u32| (0..hours).map(move |n| (n, format!("0 */{hours} * * *")));
    let jobs: Vec<Value> = [2, 3, 4, 6]
        .into_iter()
        .flat_map(every)
        .map(|(n, expr)| job(&format!("{expr}-{n}"), &expr, "UTC", "a/b"))
        .map(|mut job| {
            job["schedule"]["staggerMs"] = json!(0);
            job
        })
        .collect();
    let line = "--from 2026-03-31T00:30Z --for 24h";
    let document = planned(&jobs, line);
    let bursts = document["bursts"].as_array().unwrap();
    let mut largest: Vec<(u64, i64)> = bursts
        .iter()
        .map(|b| (b["jobs"].as_u64().unwrap(), b["at_ms"].as_i64().unwrap()))
        .collect();
    assert!(largest.len() > 12, "{} bursts", largest.len());
    largest.sort_by_key(|(jobs, at)| (std::cmp::Reverse(*jobs), *at));
    largest.truncate(8);
    largest.sort_by_key(|(_, at)| *at);
    let expected: Vec<String> = largest
        .iter()
        .map(|(_, at)| {
            let burst = bursts.iter().find(|b| b["at_ms"] == *at).unwrap();
            let at = burst["at"].as_str().unwrap();
            at.replace('T', " ").replace(".000Z", " UTC")
        })
        .collect();

    let screen = plan(&jobs, line).stdout;
    let table = screen.split("\nBursts\n").nth(1).unwrap();
    let shown: Vec<&str> = table.lines().skip(1).take(8).map(|l| &l[..23]).collect();
    assert_eq!(shown, expected, "{screen}");
    let more = format!("and {} smaller or later", bursts.len() - 8);
    assert!(table.contains(&more), "{screen}");

    let rows = plan(&jobs, &format!("{line} --no-headers")).stdout;
    assert_eq!(rows.lines().count(), bursts.len(), "{rows}");
}

/// `--job` narrows the bursts, and what is counted beside the shown ones is of that job too.
#[test]
fn bursts_of_a_job_are_counted_without_those_of_others() {
    let mut jobs = burst();
    jobs.push(job("alone", "30 3 * * *", "UTC", "a/b"));
    for n in 0..12 {
        jobs.push(job(
            &format!("pair-{n}"),
            &format!("0 {n} * * *"),
            "UTC",
            "a/b",
        ));
    }
    jobs.push(job("hourly", "0 0-11 * * *", "UTC", "a/b"));
    for job in &mut jobs {
        job["schedule"]["staggerMs"] = json!(0);
    }
    let shown = |line: &str| plan(&jobs, &format!("{P8} {line}")).stdout;
    let alone = shown("--job alone");
    assert!(
        alone.contains("No burst of the jobs that are asked for"),
        "{alone}"
    );
    assert!(!alone.contains("smaller or later"), "{alone}");
    assert!(shown("--job alone --summary").contains("No burst of the jobs"));
    // 12 with a pair, one of them at the tick of the 24.
    let hourly = shown("--job hourly");
    assert!(hourly.contains("and 4 smaller or later"), "{hourly}");
    assert_eq!(
        planned(&jobs, &format!("{P8} --job hourly"))["bursts"]
            .as_array()
            .unwrap()
            .len(),
        12
    );
}
