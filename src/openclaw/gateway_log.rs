//! The gateway's own log: what it says of candidates that were thrown back (2026.3.28).
//!
//! Only lines of this form are read, in the text log and in the JSON one alike:
//! `live session model switch detected before attempt for <session>: <candidate> -> <selection>`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;

const MARK: &str = "live session model switch detected before attempt for ";

/// A candidate that the log says was thrown back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ThrownBack {
    /// The candidate.
    pub candidate: String,
    /// The session's selection that it was compared with.
    pub selection: String,
    /// How many lines say so.
    pub times: usize,
}

/// What logs say, by session.
#[derive(Clone, Debug, Default)]
pub struct GatewayLog {
    by_session: FxHashMap<String, Vec<ThrownBack>>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// How many lines say that a candidate was thrown back.
    pub lines: usize,
}

impl GatewayLog {
    /// Reads one log, line by line.
    ///
    /// # Errors
    /// When it cannot be read; the message names it.
    pub fn read(&mut self, path: &Path) -> Result<(), Error> {
        let fail = |e: std::io::Error| {
            Error::failed(format!("{}: cannot be read", path.display())).because(e)
        };
        let mut reader = BufReader::new(crate::files::open(path).map_err(fail)?);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(fail)? > 0 {
            self.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    /// How many sessions it names.
    pub fn sessions(&self) -> usize {
        self.by_session.len()
    }

    /// Returns what it says of a session, each pair once; `None` when it says nothing.
    pub fn of(&self, session: &str) -> Option<&[ThrownBack]> {
        self.by_session.get(session).map(Vec::as_slice)
    }

    fn add(&mut self, line: &str) {
        let Some((session, candidate, selection)) = thrown_back(line) else {
            return;
        };
        self.lines += 1;
        let all = self.by_session.entry(session.to_owned()).or_default();
        let same = |t: &&mut ThrownBack| t.candidate == candidate && t.selection == selection;
        match all.iter_mut().find(same) {
            Some(known) => known.times += 1,
            None => all.push(ThrownBack {
                candidate: candidate.to_owned(),
                selection: selection.to_owned(),
                times: 1,
            }),
        }
    }
}

/// Reads a line: session, candidate, selection.
fn thrown_back(line: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = line.split_once(MARK)?;
    let (session, rest) = rest.split_once(": ")?;
    let (candidate, rest) = rest.split_once(" -> ")?;
    // In the JSON log the text ends with its quote.
    let end = rest.find(|c: char| c.is_whitespace() || "\"\\,".contains(c));
    let selection = &rest[..end.unwrap_or(rest.len())];
    let whole = !session.is_empty() && !candidate.is_empty() && !selection.is_empty();
    whole.then_some((session, candidate, selection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_logs_are_read_and_others_are_not() {
        let text = "2026-11-21T00:21:39Z [agent/embedded] live session model switch detected before attempt for 1f-a: mock/b -> mock/a\n";
        assert_eq!(thrown_back(text), Some(("1f-a", "mock/b", "mock/a")));
        let json = r#"{"0":"live session model switch detected before attempt for 1f-a: mock/b -> mock/a","_meta":{}}"#;
        assert_eq!(thrown_back(json), Some(("1f-a", "mock/b", "mock/a")));
        assert_eq!(
            thrown_back("live session model switch detected before attempt for x"),
            None
        );
        assert_eq!(thrown_back("candidate_failed requested=mock/b"), None);
    }

    #[test]
    fn equal_lines_are_counted() {
        let mut log = GatewayLog::default();
        for _ in 0..2 {
            log.add(&format!("{MARK}s: mock/b -> mock/a"));
        }
        log.add(&format!("{MARK}t: mock/b -> mock/a"));
        log.add(&format!("{MARK}t: mock/c -> mock/a"));
        assert_eq!((log.lines, log.sessions()), (4, 2));
        let times = |session: &str| {
            log.of(session)
                .map(|all| all.iter().map(|t| t.times).collect())
        };
        assert_eq!(times("s"), Some(vec![2]));
        assert_eq!(times("t"), Some(vec![1, 1]));
        assert_eq!(times("u"), None::<Vec<usize>>);
    }
}
