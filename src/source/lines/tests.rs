//! Long streams read like short ones.

use std::io::Cursor;

use super::*;
use crate::schedule::{Rules, Version};

fn read_all(text: &[u8]) -> (Vec<(String, Place)>, Vec<String>) {
    let mut into = Collector::new("jobs", 0);
    read("jobs", &mut Cursor::new(text), &mut into).expect("a cursor can be read");
    let collected = into.finish(Rules::OpenClaw(Version::NEWEST_CHECKED));
    let jobs = collected
        .jobs
        .into_iter()
        .map(|job| (job.id.into(), job.at));
    let problems = collected.problems.iter().map(ToString::to_string);
    (jobs.collect(), problems.collect())
}

fn job(n: usize) -> String {
    let message = "x".repeat(n % 700);
    format!(
        r#"{{"id":"job-{n}","schedule":{{"kind":"cron","expr":"0 * * * *"}},"sessionTarget":"isolated","payload":{{"kind":"agentTurn","message":"{message}"}}}}"#
    )
}

#[test]
fn lines_keep_their_order_and_their_numbers_over_many_blocks() {
    let mut text = b"\xef\xbb\xbf".to_vec();
    let mut expected = Vec::new();
    for n in 1..=20_000 {
        if n % 5000 == 0 {
            text.extend(b"\n");
            continue;
        }
        text.extend(job(n).as_bytes());
        text.extend(if n % 3 == 0 { &b"\r\n"[..] } else { b"\n" });
        expected.push((format!("job-{n}"), Place::line(n)));
    }
    assert!(text.len() > 3 * BLOCK);
    let (jobs, problems) = read_all(&text);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(jobs == expected);
}

#[test]
fn bad_lines_are_named_and_lose_nothing_else_wherever_blocks_end() {
    let mut text = Vec::new();
    let mut lines = 0;
    let mut expected = Vec::new();
    let mut bad = Vec::new();
    for n in 0..12_000 {
        text.extend(job(n).as_bytes());
        text.push(b'\n');
        lines += 1;
        expected.push((format!("job-{n}"), Place::line(lines)));
        let (line, why) = match n {
            3000 => (vec![b'y'; MAX_LINE + 1], ": is longer than 1048576 bytes"),
            3001 => (vec![b' '; MAX_LINE], ""),
            6000 => (vec![b'y'; 3 * BLOCK], ": is longer than 1048576 bytes"),
            9000 => (
                b"{\"id\":\"\xff\"}".to_vec(),
                ":8: is not UTF-8 text: byte 0xff",
            ),
            10_000 => (
                b"{".to_vec(),
                ":1: is not a job: EOF while parsing an object",
            ),
            _ => continue,
        };
        text.extend(line);
        text.push(b'\n');
        lines += 1;
        if !why.is_empty() {
            bad.push(format!("jobs:{lines}{why}"));
        }
    }
    text.pop();
    let (jobs, problems) = read_all(&text);
    assert_eq!(problems, bad);
    assert!(jobs == expected);
}

#[test]
fn a_stream_that_breaks_off_is_an_error() {
    struct Broken(Cursor<Vec<u8>>);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(std::io::Error::other("the cable was pulled")),
                n => Ok(n),
            }
        }
    }
    let text: Vec<u8> = (0..20_000)
        .flat_map(|n| (job(n) + "\n").into_bytes())
        .collect();
    for length in [1000, text.len()] {
        let mut reader = Broken(Cursor::new(text[..length].to_vec()));
        let error = read("jobs", &mut reader, &mut Collector::new("jobs", 0)).unwrap_err();
        assert_eq!(error.message, "jobs: cannot be read");
    }
}
