//! One JSON object per line, streamed: memory holds one line and the jobs.

use std::io::{BufRead, BufReader, Read};

use crate::error::{Error, Problem};
use crate::job::{Collector, Place};

/// The longest line. A job is a few hundred bytes; a prompt inside one may be long.
const MAX_LINE: usize = 1 << 20;

/// Reads jobs line by line. A bad line is a problem; the others are kept.
///
/// # Errors
/// When the stream cannot be read.
pub(super) fn read(name: &str, reader: &mut dyn Read, into: &mut Collector) -> Result<(), Error> {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let mut line = Vec::with_capacity(4096);
    let mut n = 0;
    let fail = |e: std::io::Error| Error::failed(format!("{name}: cannot be read")).because(e);
    loop {
        line.clear();
        let limit = MAX_LINE as u64 + 1;
        let got = (&mut reader)
            .take(limit)
            .read_until(b'\n', &mut line)
            .map_err(fail)?;
        if got == 0 {
            return Ok(());
        }
        n += 1;
        if line.last() != Some(&b'\n') && line.len() > MAX_LINE {
            into.problem(Problem::new(
                into.place(Place::Line(n)),
                format!("is longer than {MAX_LINE} bytes"),
            ));
            skip_line(&mut reader).map_err(fail)?;
            continue;
        }
        match std::str::from_utf8(&line) {
            Ok(text) => {
                let text = if n == 1 {
                    text.trim_start_matches('\u{feff}')
                } else {
                    text
                };
                if !text.trim().is_empty() {
                    into.add(text.trim_end(), Place::Line(n));
                }
            }
            Err(e) => {
                let at = e.valid_up_to();
                let what = format!("is not UTF-8 text: byte 0x{:02x}", line[at]);
                let place = into.place(Place::Line(n));
                into.problem(Problem::new(format!("{place}:{}", at + 1), what));
            }
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        if let Some(end) = buffer.iter().position(|b| *b == b'\n') {
            reader.consume(end + 1);
            return Ok(());
        }
        let len = buffer.len();
        reader.consume(len);
    }
}
