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
