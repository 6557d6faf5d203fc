use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::{info, info_span, warn};

use super::*;
use crate::ui::escape;

/// What a workspace may be called.
const NASTY: &str =
    "ops\u{1b}[31m\r\nERROR fake\u{7}\u{9b}2J\u{202e}gnp\u{7f}\" outcome=confirmed \\";

/// A stream that keeps its writes apart.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        self.0.lock().unwrap().push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn noon() -> i64 {
    1_784_548_800_000
}

/// What events of `act` are written as.
fn logged(format: LogFormat, level: LevelFilter, color: bool, act: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    let out = kept.clone();
    let log = subscriber(format, level, color, noon, move || out.clone());
    tracing::subscriber::with_default(log, act);
    let lines = kept.0.lock().unwrap();
    lines.clone()
}

fn one(format: LogFormat, act: impl FnOnce()) -> String {
    let lines = logged(format, LevelFilter::INFO, false, act);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().unwrap()
}

fn request() {
    let sweep = info_span!("sweep", number = 3);
    let _sweep = sweep.enter();
    let request = info_span!(
        "request",
        workspace = NASTY,
        turn = "t-1",
        answer = tracing::field::Empty
    );
    let _request = request.enter();
    request.record("answer", "idle");
    info!(requests = 2, took = ?std::time::Duration::from_millis(5), name = %NASTY, "asked");
}

#[test]
fn a_line_for_people_has_time_level_spans_message_and_fields() {
    let line = one(LogFormat::Text, || {
        let span = info_span!(
            "request",
            workspace = "ops",
            turn = "t-1",
            answer = tracing::field::Empty
        );
        span.record("answer", "idle");
        let _inside = span.enter();
        info!(
            requests = 2,
            says = "nothing was in flight",
            none = "",
            "asked"
        );
    });
    assert_eq!(
        line,
        "2026-07-20T12:00:00.000Z INFO  request{workspace=ops turn=t-1 answer=idle}: asked \
         requests=2 says=\"nothing was in flight\" none=\"\"\n"
    );
}

#[test]
fn a_name_cannot_move_the_cursor_break_the_line_or_pose_as_a_field() {
    let line = one(LogFormat::Text, request);
    let body = line.strip_suffix('\n').unwrap();
    assert_eq!(escape(body), body, "{body:?}");
    // In the span and in the event, in quotes both times.
    let quoted = "\"ops\\u{1b}[31m\\r\\nERROR fake\\u{7}\\u{9b}2J\\u{202e}gnp\\u{7f}\\\" outcome=confirmed \\\\\"";
    assert_eq!(body.matches(quoted).count(), 2, "{body}");
    let message = one(LogFormat::Text, || info!("looked at {NASTY}"));
    assert_eq!(escape(message.trim_end()), message.trim_end());
    assert_eq!(message.matches('\n').count(), 1);
}

#[test]
fn colour_is_the_program_s_alone() {
    let lines = logged(LogFormat::Text, LevelFilter::INFO, true, request);
    assert_eq!(lines[0].matches('\u{1b}').count(), 2, "{:?}", lines[0]);
    assert!(
        lines[0].contains("\u{1b}[1mINFO \u{1b}[0m"),
        "{:?}",
        lines[0]
    );
}

#[test]
fn json_is_one_valid_object_per_line_with_every_span() {
    let line = one(LogFormat::Json, request);
    let body = line.strip_suffix('\n').unwrap();
    assert_eq!(escape(body), body, "{body:?}");
    let object: Value = serde_json::from_str(body).unwrap();
    assert_eq!(object["timestamp"], "2026-07-20T12:00:00.000Z");
    assert_eq!(object["level"], "INFO");
    assert!(object["target"].as_str().unwrap().starts_with("cronctl::"));
    assert_eq!(object["fields"]["message"], "asked");
    assert_eq!(object["fields"]["requests"], 2);
    assert_eq!(object["fields"]["name"], NASTY);
    let spans = object["spans"].as_array().unwrap();
    assert_eq!(
        (&spans[0]["name"], &spans[0]["number"]),
        (&"sweep".into(), &3.into())
    );
    assert_eq!(spans[1]["workspace"], NASTY);
    assert_eq!(spans[1]["answer"], "idle");
}

#[test]
fn json_escapes_what_lies_beyond_sixteen_bits_too() {
    // A tag character hides; an emoji is to be seen.
    let line = one(LogFormat::Json, || info!(name = "a\u{e0061}b🚀", "x"));
    assert!(line.contains("a\\udb40\\udc61b🚀"), "{line}");
    let object: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(object["fields"]["name"], "a\u{e0061}b🚀");
}

#[test]
fn libraries_are_heard_from_a_warning_on_and_quiet_silences_information() {
    let events = || {
        info!(target: "hyper::client", "chatter");
        tracing::debug!(target: "rustls", "chatter");
        warn!(target: "tokio_postgres", "a notice");
        tracing::debug!("detail");
        info!("information");
        warn!("a warning");
    };
    let text = |level| logged(LogFormat::Text, level, false, events).concat();
    let normal = text(LevelFilter::INFO);
    assert!(
        normal.contains("WARN  tokio_postgres: a notice\n"),
        "{normal}"
    );
    assert!(normal.contains("INFO  information\n"), "{normal}");
    assert!(
        !normal.contains("chatter") && !normal.contains("detail"),
        "{normal}"
    );
    let quiet = text(LevelFilter::WARN);
    assert!(
        quiet.contains("a warning") && !quiet.contains("information"),
        "{quiet}"
    );
}

#[test]
fn a_span_of_a_quiet_log_is_no_trouble() {
    let lines = logged(LogFormat::Json, LevelFilter::WARN, false, || {
        let span = info_span!("request", workspace = "ops");
        let _inside = span.enter();
        warn!("odd");
    });
    assert_eq!(lines.len(), 1);
    serde_json::from_str::<Value>(&lines[0]).unwrap();
}

#[test]
fn a_stream_that_is_gone_stops_nothing() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    for format in [LogFormat::Text, LogFormat::Json] {
        let log = subscriber(format, LevelFilter::INFO, false, noon, || Gone);
        tracing::subscriber::with_default(log, request);
    }
}
