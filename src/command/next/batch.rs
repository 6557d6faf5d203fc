//! Batch mode: one question per line, one answer per line.

use std::io::{self, BufRead, Read, Write};

use crate::schedule::{Answer, Question, ZoneSource};

/// The longest line of a batch. Longer ones are answered with an error and skipped.
const LONGEST: u64 = 1 << 20;

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Lines read, each answered by one line.
    pub questions: u64,
    /// Answers that are errors.
    pub errors: u64,
}

/// Which side of a batch failed.
#[derive(Debug)]
pub enum Failure {
    /// The questions cannot be read.
    Reading(io::Error),
    /// The answers cannot be written.
    Writing(io::Error),
}

/// Reads one [`Question`] per line and answers each on a line, in order, flushed after each.
///
/// A line that is no question is answered with an error object, and the batch goes on.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub fn batch(
    mut input: impl BufRead,
    mut output: impl Write,
    zones: &dyn ZoneSource,
) -> Result<Batch, Failure> {
    let mut done = Batch::default();
    let mut line = Vec::new();
    let mut text = Vec::new();
    loop {
        line.clear();
        let read = input.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let read = read.map_err(Failure::Reading)?;
        if read == 0 {
            return Ok(done);
        }
        let whole = line.ends_with(b"\n") || (read as u64) < LONGEST;
        let answer = if whole {
            answer(&line, zones)
        } else {
            skip_line(&mut input).map_err(Failure::Reading)?;
            Answer::error(
                "malformed",
                format_args!("the line is longer than {LONGEST} bytes"),
            )
        };
        done.questions += 1;
        done.errors += u64::from(answer.error.is_some());
        text.clear();
        serde_json::to_writer(&mut text, &answer).map_err(|e| Failure::Writing(e.into()))?;
        text.push(b'\n');
        let written = output.write_all(&text).and_then(|()| output.flush());
        written.map_err(Failure::Writing)?;
    }
}

fn answer(line: &[u8], zones: &dyn ZoneSource) -> Answer {
    match serde_json::from_slice::<Question>(line) {
        Ok(question) => question.answer(zones),
        Err(e) => Answer::error("malformed", format_args!("not a question: {e}")),
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zones::Zones;

    fn ask(input: &[u8]) -> (Batch, Vec<serde_json::Value>) {
        let mut output = Vec::new();
        let done = batch(input, &mut output, &Zones::built_in()).unwrap();
        let text = String::from_utf8(output).unwrap();
        let answers = text.lines().map(|l| serde_json::from_str(l).unwrap());
        (done, answers.collect())
    }

    #[test]
    fn each_line_is_answered_in_order() {
        let input = br#"{"expr":"0 9 * * *","tz":"Europe/Berlin","after_ms":1767225600000,"count":2}
{"dialect":"molecule","expr":"0 9 * * 7","after_ms":0}
{"dialect":"openclaw-2026.3.31","expr":"0 0 30 2 *","after_ms":0,"count":3}
not json
[1]

{"expr":"0 9 * * *","after_ms":0,"count":1000000000}
{"expr":"0 9 * * *"}
{"dialect":"quartz","expr":"0 9 * * *","after_ms":0}
{"dialect":"molecule","expr":"0 0 31 12 *","tz":"Pacific/Apia","after_ms":1325073600000}
{"dialect":"cron-rs","expr":"0 0 9 * * *","tz":null,"after_ms":0}
{"schedule":{"kind":"every","everyMs":1000},"created_at_ms":500,"after_ms":600,"count":2}
{"expr":"0 9 * * *","before_ms":1767225600000}
{"expr":"0 0 * * *","tz":"","after_ms":0,"before_ms":86400000,"previous":true,"at_or_before":true}"#;
        let (done, answers) = ask(input);
        assert_eq!((done.questions, done.errors), (14, 8));
        let kind = |i: usize| answers[i]["error"]["kind"].as_str().unwrap();
        assert_eq!(
            answers[0]["next_ms"],
            serde_json::json!([1_767_254_400_000_i64, 1_767_340_800_000_i64])
        );
        assert_eq!(answers[1]["error"]["field"], "weekday");
        assert_eq!(answers[1]["error"]["column"], 9);
        assert_eq!(answers[2], serde_json::json!({"next_ms": []}));
        assert_eq!([kind(3), kind(4), kind(5)], ["malformed"; 3]);
        assert_eq!([kind(6), kind(7), kind(8)], ["range", "shape", "shape"]);
        assert_eq!(kind(9), "hang");
        assert_eq!(answers[10], serde_json::json!({"next_ms": [32_400_000]}));
        assert_eq!(answers[11], serde_json::json!({"next_ms": [1_500, 2_500]}));
        assert_eq!(
            answers[12],
            serde_json::json!({"prev_ms": [1_767_171_600_000_i64]})
        );
        assert_eq!(answers[13], serde_json::json!({"prev_ms": [86_400_000]}));
    }

    #[test]
    fn a_line_without_end_is_skipped() {
        let mut input = vec![b' '; 3 << 20];
        input.extend_from_slice(b"\n{\"expr\":\"0 0 * * *\",\"after_ms\":0}\n\xff\n");
        let (done, answers) = ask(&input);
        assert_eq!((done.questions, done.errors), (3, 2));
        assert_eq!(answers[0]["error"]["kind"], "malformed");
        assert_eq!(answers[1]["next_ms"][0], 86_400_000);
        assert_eq!(answers[2]["error"]["kind"], "malformed");
    }
}
