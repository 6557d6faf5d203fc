//! Long lists, read while they arrive: of a row only what is kept stays, and its text goes.

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::rows::{Row, Rows, Wanted};
use super::{ListedTurn, Parsed, Workspace, field};

/// What `GET /admin/turns` says of its own list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// How many turns there are.
    pub(crate) count: Option<u64>,
    /// How many it lists at most.
    pub(crate) limit: Option<u64>,
}

/// A list in the course of being read: an array, or an object with the array under a name.
///
/// Its grammar is that of JSON; everything between brackets, commas and colons is read by the library.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    /// Under which name of an object the rows stand; `None`: the array is all there is.
    member: Option<&'static str>,
    rows: Rows<T>,
    wanted: Option<Wanted>,
    /// What has arrived and is not read yet, from `at` on.
    buffer: Vec<u8>,
    at: usize,
    /// How much there was from `at` on when the value there was found to be incomplete.
    tried: usize,
    /// How many blanks there were between values.
    blanks: usize,
    /// The place of the buffer's beginning: lines before it, and bytes of its line before it.
    line: usize,
    column: usize,
    next: Next,
    /// The name of the member that is being read, as it is written.
    name: String,
    /// Whether the rows were found.
    found: bool,
    /// The members beside the rows, as JSON; the rows are empty in it.
    beside: String,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Open,
    FirstRow,
    Row,
    AfterRow,
    FirstMember,
    Member,
    Colon,
    Value,
    AfterMember,
    Nothing,
}

/// Why reading does not go on: more has to arrive, or what is there is no JSON.
enum Stop {
    Incomplete,
    Wrong(String),
}

impl Reading<Workspace> {
    /// Begins to read `GET /workspaces`, where it is an array.
    pub(crate) fn workspaces(wanted: Option<Wanted>) -> Self {
        Self::new(None, wanted)
    }

    /// Ends it.
    ///
    /// # Errors
    /// Where and why it is no JSON.
    pub(crate) fn finish(mut self) -> Result<Parsed<Vec<Workspace>>, String> {
        self.end()?;
        let mut parsed = self.rows.finish();
        super::parse::once_each(&mut parsed);
        Ok(parsed)
    }
}

impl Reading<ListedTurn> {
    /// Begins to read `GET /admin/turns`.
    pub(crate) fn turns(wanted: Option<Wanted>) -> Self {
        Self::new(Some("turns"), wanted)
    }

    /// Ends it. That the answer holds fewer rows than its `count` is among [`Parsed::unusable`].
    ///
    /// # Errors
    /// Where and why it is no JSON, or no object with `turns`.
    pub(crate) fn finish(mut self) -> Result<(Parsed<Vec<ListedTurn>>, Envelope), String> {
        #[derive(Deserialize)]
        struct Beside {
            // Go writes an empty list as null.
            #[serde(rename = "turns")]
            _turns: Option<Vec<IgnoredAny>>,
            #[serde(default, deserialize_with = "field::whole")]
            count: Option<i64>,
            #[serde(default, deserialize_with = "field::whole")]
            limit: Option<i64>,
        }
        self.end()?;
        let beside = format!("{{{}}}", self.beside);
        if !super::rows::has_key(&beside, "turns") {
            return Err("it is no object with `turns`".to_owned());
        }
        let beside: Beside =
            serde_json::from_str(&beside).map_err(|e| format!("it is no list of turns: {e}"))?;
        let whole = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        let envelope = Envelope {
            count: whole(beside.count),
            limit: whole(beside.limit),
        };
        let mut parsed = self.rows.finish();
        let rows = parsed.rows as u64;
        if let Some(count) = envelope.count.filter(|count| *count > rows) {
            parsed.unusable.push(format!(
                "the list ends after {rows} of {count} turns: the rest was not seen"
            ));
        }
        Ok((parsed, envelope))
    }
}

impl<T: Row> Reading<T> {
    fn new(member: Option<&'static str>, wanted: Option<Wanted>) -> Self {
        Self {
            member,
            rows: Rows::new(wanted.clone()),
            wanted,
            buffer: Vec::new(),
            at: 0,
            tried: 0,
            blanks: 0,
            line: 0,
            column: 0,
            next: Next::Open,
            name: String::new(),
            found: false,
            beside: String::new(),
        }
    }

    /// Begins anew.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.member, self.wanted.take());
    }

    /// Whether a list of this kind may begin with a byte.
    pub(crate) fn opens(&self, first: u8) -> bool {
        first == if self.member.is_some() { b'{' } else { b'[' }
    }

    /// How many bytes came that are no rows: those that are held, and blanks.
    pub(crate) fn rowless(&self) -> usize {
        self.buffer.len() + self.beside.len() + self.blanks
    }

    /// Takes what arrived next.
    ///
    /// # Errors
    /// Where and why it is no JSON.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<(), String> {
        self.buffer.extend_from_slice(chunk);
        // A value that is longer than what arrives at once is tried again when twice as much is there.
        if self.buffer.len() < 2 * self.tried {
            return Ok(());
        }
        self.read(false)
    }

    /// Nothing more arrives.
    fn end(&mut self) -> Result<(), String> {
        self.read(true)
    }

    fn read(&mut self, last: bool) -> Result<(), String> {
        self.tried = 0;
        let read = loop {
            let rest = &self.buffer[self.at..];
            let written = |b: &u8| !matches!(b, b' ' | b'\n' | b'\r' | b'\t');
            let Some(blanks) = rest.iter().position(written) else {
                self.skip(rest.len());
                break if last && self.next != Next::Nothing {
                    Err(self.wrong(self.next.unfinished()))
                } else {
                    Ok(())
                };
            };
            self.skip(blanks);
            match self.step(self.buffer[self.at], last) {
                Ok(()) => {}
                Err(Stop::Incomplete) => {
                    self.tried = self.buffer.len() - self.at;
                    break Ok(());
                }
                Err(Stop::Wrong(why)) => break Err(why),
            }
        };
        self.forget();
        read
    }

    fn skip(&mut self, blanks: usize) {
        self.at += blanks;
        self.blanks += blanks;
    }

    /// Reads what stands at `at`, which begins with a byte.
    fn step(&mut self, first: u8, last: bool) -> Result<(), Stop> {
        let (width, next) = match (self.next, first) {
            (Next::Open, b'[') if self.member.is_none() => (1, Next::FirstRow),
            (Next::Open, b'{') if self.member.is_some() => (1, Next::FirstMember),
            (Next::FirstRow | Next::AfterRow, b']') if self.member.is_some() => {
                (1, Next::AfterMember)
            }
            (Next::FirstRow | Next::AfterRow, b']')
            | (Next::FirstMember | Next::AfterMember, b'}') => (1, Next::Nothing),
            (Next::AfterRow, b',') => (1, Next::Row),
            (Next::AfterMember, b',') => (1, Next::Member),
            (Next::Colon, b':') => (1, Next::Value),
            (Next::FirstRow | Next::Row, _) => (self.row(first, last)?, Next::AfterRow),
            (Next::FirstMember | Next::Member, b'"') => {
                let width = self.width(first, last)?;
                self.name = self.text(width);
                (width, Next::Colon)
            }
            (Next::Value, _) => self.value(first, last)?,
            (Next::Open, _) => return Err(self.stopped("expected value")),
            (Next::AfterRow, _) => return Err(self.stopped("expected `,` or `]`")),
            (Next::FirstMember | Next::Member, _) => {
                return Err(self.stopped("key must be a string"));
            }
            (Next::Colon, _) => return Err(self.stopped("expected `:`")),
            (Next::AfterMember, _) => return Err(self.stopped("expected `,` or `}`")),
            (Next::Nothing, _) => return Err(self.stopped("trailing characters")),
        };
        self.at += width;
        self.next = next;
        Ok(())
    }

    /// Reads a row; how many bytes it takes.
    fn row(&mut self, first: u8, last: bool) -> Result<usize, Stop> {
        if first == b'{' && self.rows.has_seen_all_fields() {
            let mut values = Deserializer::from_slice(&self.buffer[self.at..]).into_iter::<T>();
            if let Some(Ok(row)) = values.next()
                && self.rows.take(row)
            {
                return Ok(values.byte_offset());
            }
        }
        let width = self.width(first, last)?;
        let text = self.text(width);
        self.rows.read(&text);
        Ok(width)
    }

    /// Reads the value of a member: the rows, if it is the one, else something beside them.
    fn value(&mut self, first: u8, last: bool) -> Result<(usize, Next), Stop> {
        let name: Option<String> = serde_json::from_str(&self.name).ok();
        let rows = first == b'[' && !self.found && name.as_deref() == self.member;
        let (width, text) = if rows {
            (1, "[]".to_owned())
        } else {
            let width = self.width(first, last)?;
            (width, self.text(width))
        };
        self.found |= rows;
        let comma = if self.beside.is_empty() { "" } else { "," };
        self.beside.extend([comma, &self.name, ":", &text]);
        let next = if rows {
            Next::FirstRow
        } else {
            Next::AfterMember
        };
        Ok((width, next))
    }

    /// How many bytes the value at `at` takes.
    fn width(&self, first: u8, last: bool) -> Result<usize, Stop> {
        let rest = &self.buffer[self.at..];
        // A number or a word may go on in what arrives next.
        let ends = |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
        let closes = matches!(first, b'{' | b'[' | b'"');
        if !closes && !last && !rest.iter().any(ends) {
            return Err(Stop::Incomplete);
        }
        let mut values = Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(IgnoredAny)) => Ok(values.byte_offset()),
            Some(Err(e)) if !last && (e.is_eof() || is_at_end(&e, rest)) => Err(Stop::Incomplete),
            Some(Err(e)) => {
                let said = e.to_string();
                let place = format!(" at line {} column {}", e.line(), e.column());
                let what = said.strip_suffix(&place).unwrap_or(&said);
                // Its place is counted from `at`, the first line of which began before.
                let (line, column) = self.place(self.at);
                let (line, column) = match e.line() {
                    0 | 1 => (line, column + e.column()),
                    more => (line + more - 1, e.column()),
                };
                Err(Stop::Wrong(no_json(what, line, column)))
            }
            None => Err(Stop::Incomplete),
        }
    }

    fn text(&self, width: usize) -> String {
        String::from_utf8_lossy(&self.buffer[self.at..self.at + width]).into_owned()
    }

    fn stopped(&self, what: &str) -> Stop {
        let (line, column) = self.place(self.at);
        Stop::Wrong(no_json(what, line, column + 1))
    }

    fn wrong(&self, what: &str) -> String {
        let (line, column) = self.place(self.at);
        no_json(what, line, column)
    }

    /// The line of a byte of the buffer, from 1, and how many bytes stand before it there.
    fn place(&self, at: usize) -> (usize, usize) {
        let (lines, column) = place(&self.buffer[..at], self.column);
        (self.line + lines + 1, column)
    }

    /// Lets go of what was read.
    fn forget(&mut self) {
        let (lines, column) = place(&self.buffer[..self.at], self.column);
        self.line += lines;
        self.column = column;
        self.buffer.drain(..self.at);
        self.at = 0;
    }
}

impl Next {
    /// What is wrong when nothing comes.
    fn unfinished(self) -> &'static str {
        match self {
            Self::Open | Self::Row | Self::Value => "EOF while parsing a value",
            Self::FirstRow | Self::AfterRow => "EOF while parsing a list",
            _ => "EOF while parsing an object",
        }
    }
}

/// Counts the lines of a text, and the bytes of its last one after so many of the same line.
fn place(text: &[u8], column: usize) -> (usize, usize) {
    match text.iter().rposition(|b| *b == b'\n') {
        None => (0, column + text.len()),
        Some(last) => {
            let lines = text[..last].split(|b| *b == b'\n').count();
            (lines, text.len() - last - 1)
        }
    }
}

/// Whether an error is about the end of a text: the library calls a number that stops at its sign, its
/// point or its exponent invalid, and not unfinished.
fn is_at_end(error: &serde_json::Error, text: &[u8]) -> bool {
    let (lines, column) = place(text, 0);
    (error.line(), error.column()) == (lines + 1, column)
}

fn no_json(what: &str, line: usize, column: usize) -> String {
    format!("it is no JSON: {what} at line {line} column {column}")
}
