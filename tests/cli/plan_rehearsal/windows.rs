//! When a fault holds: `@FROM..UNTIL` as written, and what of it is refused.

use serde_json::Value;

use super::{rehearsed, run};

#[test]
fn a_day_whose_clock_jumps_over_the_window_does_not_end_the_rehearsal() {
    let line = "plan --demo --from 2026-03-07T00:00Z --for 72h \
                --what-if anthropic=503@02:00..03:00[America/New_York]";
    let fault = rehearsed(line)["inputs"]["faults"][0].clone();
    let from: Vec<&str> = (fault["spans"].as_array().unwrap().iter())
        .map(|span| span["from_at"].as_str().unwrap())
        .collect();
    assert_eq!(
        from,
        ["2026-03-07T07:00:00.000Z", "2026-03-09T06:00:00.000Z"]
    );
}

#[test]
fn a_part_of_the_hour_that_is_jumped_over_is_no_window_either() {
    let day = "plan --demo --from 2026-03-08T00:00-05:00 --for 20h --what-if anthropic=503";
    for window in ["02:00..03:00", "02:30..02:45"] {
        let run = run(&format!("{day}@{window}[America/New_York]"));
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("the clock jumps over it"), "{run}");
    }
}

#[test]
fn a_window_over_midnight_reaches_into_the_horizon() {
    let line =
        "plan --demo --from 2026-04-01T00:00-07:00 --for 1h --what-if anthropic=503@23:50..00:10";
    let fault = rehearsed(line)["inputs"]["faults"][0].clone();
    assert_eq!(fault["spans"].as_array().unwrap().len(), 1, "{fault:#}");
    assert_eq!(fault["spans"][0]["from_at"], "2026-04-01T06:50:00.000Z");
    assert_eq!(fault["spans"][0]["until_at"], "2026-04-01T07:10:00.000Z");
}

/// Noon on the day of the incident, Pacific, and a day from there on.
const DAY: &str = "plan --demo --from 2026-03-31T12:00-07:00 --for 24h";

/// From when until when a fault holds, and the zone in which that was read.
fn held(window: &str) -> (Vec<(String, String)>, Value) {
    let document = rehearsed(&format!("{DAY} --what-if anthropic=503@{window}"));
    let fault = &document["inputs"]["faults"][0];
    let text = |at: &Value| at.as_str().unwrap().to_owned();
    let spans = fault["spans"].as_array().unwrap().iter();
    let spans = spans.map(|s| (text(&s["from_at"]), text(&s["until_at"])));
    (spans.collect(), fault["zone"].clone())
}

#[test]
fn windows_read_as_the_help_says() {
    let burst = ("2026-04-01T05:00:00.000Z", "2026-04-01T05:20:00.000Z");
    let local = "America/Los_Angeles (of the biggest burst)";
    for (window, expected, zone) in [
        ("22:00..22:20", vec![burst], Some(local)),
        ("22:00..+20m", vec![burst], Some(local)),
        ("05:00..05:20[UTC]", vec![burst], Some("UTC")),
        (
            "2026-03-31T22:00-07:00..2026-04-01T05:20:00Z",
            vec![burst],
            None,
        ),
        // The clock says 2026-08-01T20:00-07:00; a + before UNTIL is a length.
        (
            "-2951h..+20m",
            vec![("2026-04-01T04:00:00.000Z", "2026-04-01T04:20:00.000Z")],
            None,
        ),
        (
            "22:20..22:00",
            vec![
                ("2026-03-31T05:20:00.000Z", "2026-04-01T05:00:00.000Z"),
                ("2026-04-01T05:20:00.000Z", "2026-04-02T05:00:00.000Z"),
            ],
            Some(local),
        ),
        (
            "22:00..24:00",
            vec![("2026-04-01T05:00:00.000Z", "2026-04-01T07:00:00.000Z")],
            Some(local),
        ),
        // Beyond the end of the horizon, as written.
        (
            "2026-04-01T18:00Z..2026-04-01T21:00Z",
            vec![("2026-04-01T18:00:00.000Z", "2026-04-01T21:00:00.000Z")],
            None,
        ),
    ] {
        let (spans, said) = held(window);
        let spans: Vec<_> = spans.iter().map(|(f, u)| (&**f, &**u)).collect();
        assert_eq!((spans, said.as_str()), (expected, zone), "{window}");
    }
}

#[test]
fn a_window_that_is_none_is_refused_with_the_reason() {
    for (window, said) in [
        ("25:00..26:00", "\"25:00\" is not an instant such as"),
        ("24:00..01:00", "FROM is \"24:00\""),
        ("..22:20", "FROM is \"\""),
        ("22:00..+0s", "the window is empty"),
        ("2026-03-31T22:00..2026-03-31T22:20", "names no zone"),
        (
            "2026-03-31T22:20-07:00..2026-03-31T22:00-07:00",
            "begins at 2026-04-01T05:20:00.000Z and ends at 2026-04-01T05:00:00.000Z",
        ),
        (
            "2027-01-01T00:00Z..+1h",
            "not in the horizon, 2026-03-31T19:00:00.000Z to",
        ),
        ("+1h..+xyz", "\"xyz\" is not a duration"),
    ] {
        let run = run(&format!("{DAY} --what-if anthropic=503@{window}"));
        assert_eq!(run.code, Some(2), "{window}: {run}");
        assert!(run.stderr.contains(said), "{window}: {run}");
    }
}
