//! One JSON object per line, streamed: memory holds a few blocks of lines and the jobs.
//!
//! A long stream is cut into blocks at line ends, which threads parse; what they find is taken in the
//! order of the lines, so that nothing depends on how many threads there are.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Problem};
use crate::job::{Collector, Failure, Job, JobShape, Place, Slot, Words, parse};

/// The longest line. A job is a few hundred bytes; a prompt inside one may be long.
const MAX_LINE: usize = 1 << 20;

/// How much is parsed at once. A line that fills a block is too long anyhow.
const BLOCK: usize = MAX_LINE + (64 << 10);

/// Reads jobs line by line. A bad line is a problem; the others are kept.
///
/// # Errors
/// When the stream cannot be read.
pub(super) fn read(name: &str, reader: &mut dyn Read, into: &mut Collector) -> Result<(), Error> {
    let fail = |e: std::io::Error| Error::failed(format!("{name}: cannot be read")).because(e);
    let mut blocks = Blocks::new(reader);
    let mut taking = Taking {
        slot: into.slot(Place::Line(0)),
        into,
        lines: 0,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut block = blocks.next(Vec::new()).map_err(fail)?;
    if blocks.ended || threads == 1 {
        let mut words = Words::default();
        while let Some(text) = block {
            let parsed = parsed(text, taking.lines == 0, taking.slot, &mut words);
            let free = taking.take(parsed);
            block = blocks.next(free).map_err(fail)?;
        }
        return Ok(());
    }
    let (work, to_do) = channel::<Work>();
    let to_do = &Mutex::new(to_do);
    let slot = taking.slot;
    std::thread::scope(move |scope| {
        for _ in 0..threads {
            scope.spawn(move || {
                let mut words = Words::default();
                while let Some((text, is_first, answer)) = next(to_do) {
                    // Nobody waits for it when the stream could not be read on.
                    answer.send(parsed(text, is_first, slot, &mut words)).ok();
                }
            });
        }
        // In the order of the stream, and never more than the threads can work on.
        let mut in_work = VecDeque::new();
        let mut is_first = true;
        while let Some(text) = block {
            let (answer, parsed) = channel();
            work.send((text, is_first, answer)).ok();
            in_work.push_back(parsed);
            is_first = false;
            let free = match in_work.pop_front() {
                Some(oldest) if in_work.len() > threads => taking.take(received(&oldest)),
                Some(oldest) => {
                    in_work.push_front(oldest);
                    Vec::new()
                }
                None => Vec::new(),
            };
            block = blocks.next(free).map_err(fail)?;
        }
        for parsed in in_work {
            taking.take(received(&parsed));
        }
        Ok(())
    })
}

/// A block to parse, whether it is the first, and who waits for it.
type Work = (Vec<u8>, bool, Sender<Parsed>);

fn next(to_do: &Mutex<Receiver<Work>>) -> Option<Work> {
    let work = to_do.lock().unwrap_or_else(PoisonError::into_inner);
    work.recv().ok()
}

/// A thread that panicked sends nothing; the scope hands its panic on.
fn received(parsed: &Receiver<Parsed>) -> Parsed {
    parsed.recv().unwrap_or_default()
}

/// A stream in blocks that end with a line.
struct Blocks<'r> {
    reader: BufReader<&'r mut dyn Read>,
    /// The beginning of a line of which the rest is in the next block.
    begun: Vec<u8>,
    ended: bool,
}

impl<'r> Blocks<'r> {
    fn new(reader: &'r mut dyn Read) -> Self {
        Self {
            reader: BufReader::with_capacity(64 << 10, reader),
            begun: Vec::new(),
            ended: false,
        }
    }

    /// The next block, in the space of one that is done with; `None` when there is no more.
    fn next(&mut self, mut block: Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
        block.clear();
        block.append(&mut self.begun);
        if !self.ended {
            block.reserve(BLOCK - block.len());
            let room = (BLOCK - block.len()) as u64;
            (&mut self.reader).take(room).read_to_end(&mut block)?;
            self.ended = block.len() < BLOCK;
        }
        if !self.ended {
            match block.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => {
                    self.begun.extend_from_slice(&block[end + 1..]);
                    block.truncate(end + 1);
                }
                None => skip_line(&mut self.reader)?,
            }
        }
        Ok((!block.is_empty()).then_some(block))
    }
}

/// What is in a block.
#[derive(Default)]
struct Parsed {
    /// By line, from 0; blank ones are left out.
    found: Vec<(usize, Found)>,
    lines: usize,
    /// The block itself, to be used again.
    block: Vec<u8>,
}

/// What is in a line.
enum Found {
    Entry(Result<(Job, JobShape), Failure>),
    TooLong,
    /// Where (from 0) and which byte is not UTF-8.
    NotText(usize, u8),
}

fn parsed(block: Vec<u8>, is_first: bool, slot: Slot, words: &mut Words) -> Parsed {
    let mut out = Parsed::default();
    for mut line in block.split_inclusive(|byte| *byte == b'\n') {
        let n = out.lines;
        out.lines += 1;
        line = line.strip_suffix(b"\n").unwrap_or(line);
        let found = match std::str::from_utf8(line) {
            _ if line.len() > MAX_LINE => Found::TooLong,
            Ok(mut text) => {
                if is_first && n == 0 {
                    text = text.trim_start_matches('\u{feff}');
                }
                if text.trim().is_empty() {
                    continue;
                }
                Found::Entry(parse(text.trim_end(), slot, words))
            }
            Err(e) => Found::NotText(e.valid_up_to(), line[e.valid_up_to()]),
        };
        out.found.push((n, found));
    }
    out.block = block;
    out
}

/// Takes what is in the blocks, in their order.
struct Taking<'c> {
    into: &'c mut Collector,
    slot: Slot,
    /// Lines before the block at hand.
    lines: usize,
}

impl Taking<'_> {
    /// Takes a block; returns its space.
    fn take(&mut self, parsed: Parsed) -> Vec<u8> {
        let into = &mut *self.into;
        for (n, found) in parsed.found {
            let at = Place::line(self.lines + n + 1);
            match found {
                Found::Entry(parsed) => into.take(parsed, at),
                Found::TooLong => {
                    let what = format!("is longer than {MAX_LINE} bytes");
                    into.problem(Problem::new(into.place(at), what));
                }
                Found::NotText(column, byte) => {
                    let what = format!("is not UTF-8 text: byte 0x{byte:02x}");
                    let place = into.place(at);
                    into.problem(Problem::new(format!("{place}:{}", column + 1), what));
                }
            }
        }
        self.lines += parsed.lines;
        parsed.block
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

#[cfg(test)]
mod tests;
