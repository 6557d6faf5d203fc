//! One finished run as a gateway wrote it, and the values of a run log.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::RunRecord;
use crate::openclaw::loose::Loose;

/// What every run is looked at for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Entry {
    pub(super) job_id: Loose<String>,
    action: Loose<String>,
    pub(super) status: Loose<String>,
    duration_ms: Loose<i64>,
    pub(super) run_at_ms: Loose<i64>,
    ts: Loose<i64>,
}

impl Entry {
    /// Whether this is the end of a run, whatever became of it.
    pub(super) fn finished(&self) -> bool {
        let ended = match &self.action {
            Loose::Is(action) => action == "finished",
            _ => true,
        };
        let status = ["ok", "error", "skipped"];
        ended && matches!(&self.status, Loose::Is(s) if status.contains(&s.as_str()))
    }

    /// The length when this is a finished run that really ran.
    pub(super) fn length(&self) -> Option<i64> {
        let skipped = matches!(&self.status, Loose::Is(s) if s == "skipped");
        self.length_ms().filter(|_| self.finished() && !skipped)
    }

    pub(super) fn length_ms(&self) -> Option<i64> {
        self.duration_ms.clone().ok().filter(|ms| *ms >= 0)
    }

    /// When it began; else when it was written down, less its length.
    pub(super) fn started_at_ms(&self) -> Option<i64> {
        let written = || {
            let ts = self.ts.clone().ok()?;
            ts.checked_sub(self.length_ms().unwrap_or(0))
        };
        self.run_at_ms.clone().ok().or_else(written)
    }
}

/// What the newest runs are looked at for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Detail {
    status: Loose<String>,
    provider: Loose<String>,
    model: Loose<String>,
    error: Loose<String>,
    session_id: Loose<String>,
}

impl Detail {
    pub(super) fn record(self, started_at_ms: Option<i64>, at: &Arc<str>) -> RunRecord {
        RunRecord {
            status: self.status.text(),
            provider: self.provider.text(),
            model: self.model.text(),
            error: self.error.text(),
            started_at_ms,
            session_id: self.session_id.text(),
            at: Arc::clone(at),
        }
    }
}

/// How often a value over several lines is looked for. Every search may read to the end.
const MAX_SEARCHES: usize = 16;

/// Hands out the values of a run log: one per line, or over several lines where someone formatted
/// it. `take` says whether it could use a line; what it cannot use is skipped.
pub(super) fn values(text: &str, mut take: impl FnMut(&str) -> bool) {
    let mut rest = text;
    let mut searches = 0;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let value = line.trim();
        if value.is_empty() || take(value) {
            rest = after;
            continue;
        }
        rest = after_value(
            &rest[line.len() - line.trim_start().len()..],
            &mut searches,
            &mut take,
        )
        .unwrap_or(after);
    }
}

/// Reads a value that goes on after its first line; returns what comes after it.
fn after_value<'a>(
    text: &'a str,
    searches: &mut usize,
    take: &mut impl FnMut(&str) -> bool,
) -> Option<&'a str> {
    if *searches >= MAX_SEARCHES || !text.starts_with('{') {
        return None;
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let Some(Ok(value)) = stream.next() else {
        *searches += 1;
        return None;
    };
    take(value.get()).then(|| &text[stream.byte_offset()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_lines_or_go_over_several() {
        let got = |text: &str| {
            let mut got = Vec::new();
            values(text, |value| {
                let good = serde_json::from_str::<Entry>(value).is_ok();
                if good {
                    got.push(value.split_whitespace().collect::<String>());
                }
                good
            });
            got
        };
        assert_eq!(
            got("{\"a\":1}\n\n {\"a\":2} \n"),
            ["{\"a\":1}", "{\"a\":2}"]
        );
        assert_eq!(
            got("{\n \"a\":{\n\"b\":1}\n}\n{\"a\":2}"),
            ["{\"a\":{\"b\":1}}", "{\"a\":2}"]
        );
        assert_eq!(got(" { \"a\": 1\n}{\"a\":2}"), ["{\"a\":1}", "{\"a\":2}"]);
        // Damage costs its own lines only.
        assert_eq!(
            got("{\"a\":1}\n{\"a\":\n{\"a\":2}\nx\n{\n\"a\":3}\n"),
            ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]
        );
        assert_eq!(got(" \"b\": 1\n}\n{\"a\":2}"), ["{\"a\":2}"]);
        // Many unfinished values are not each searched to the end.
        let open = "{\"a\":[\n".repeat(20_000);
        assert_eq!(got(&format!("{open}{{\"a\":2}}")), ["{\"a\":2}"]);
    }
}
