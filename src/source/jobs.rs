//! `--jobs FILE|-`: a stream of jobs in whichever shape it has.

use std::io::Read;
use std::path::Path;

use super::gateway::Named;
use super::shape::{self, Shape};
use super::{
    Confidence, DIALECT, Dialect, OneSource, Scheduler, SourceArgs, SourceInfo, SourceKind, Tags,
    crontab, lines,
};
use crate::error::{Error, Problem};
use crate::job::{Collector, Document, JobShape, Place, Top, read_document};
use crate::openclaw::state;
use crate::schedule::{Rules, Version};

/// The largest document (a stream of lines has no limit).
const MAX_DOCUMENT: u64 = 256 << 20;
/// What is read before the shape is decided, and when a first line is longer than that.
const HEAD: u64 = 64 << 10;
const LONG_HEAD: u64 = (1 << 20) + 1;

/// Reads one `--jobs` argument.
pub(super) fn load(
    file: &Path,
    args: &SourceArgs,
    named: Option<&Named>,
    stdin: &mut dyn Read,
    cwd: &Path,
    source: usize,
    tags: &mut Tags,
) -> Result<OneSource, Error> {
    if file.as_os_str() == "-" {
        let tag = tags.unique("stdin");
        return read(stdin, "stdin", &tag, file, args, named, source);
    }
    let name = file.display().to_string();
    let fail =
        |why: &dyn std::fmt::Display| Error::failed(format!("{name}: cannot be read")).because(why);
    let mut opened = crate::files::open(&cwd.join(file)).map_err(|e| fail(&e))?;
    if opened.metadata().map_err(|e| fail(&e))?.is_dir() {
        return Err(fail(&"it is a directory").hint(format!(
            "an OpenClaw state directory is given with --openclaw {name}"
        )));
    }
    let base = file
        .file_name()
        .map_or(name.clone(), |n| n.to_string_lossy().into_owned());
    let tag = tags.unique(&base);
    read(&mut opened, &name, &tag, file, args, named, source)
}

/// What reading a stream found besides its jobs.
pub(super) struct Recognised {
    shape: String,
    pub(super) scheduler: Scheduler,
    pub(super) rules: Rules,
    pub(super) origin: String,
    pub(super) confidence: Confidence,
    notes: Vec<String>,
}

fn read(
    reader: &mut dyn Read,
    name: &str,
    tag: &str,
    file: &Path,
    args: &SourceArgs,
    named: Option<&Named>,
    source: usize,
) -> Result<OneSource, Error> {
    let fail = |e: std::io::Error| Error::failed(format!("{name}: cannot be read")).because(e);
    let mut head = Vec::new();
    Read::take(&mut *reader, HEAD)
        .read_to_end(&mut head)
        .map_err(fail)?;
    let mut whole = (head.len() as u64) < HEAD;
    if !whole && !head.contains(&b'\n') && matches!(head.trim_ascii_start().first(), Some(b'{')) {
        let more = LONG_HEAD - HEAD;
        let got = Read::take(&mut *reader, more)
            .read_to_end(&mut head)
            .map_err(fail)?;
        whole = (got as u64) < more;
    }
    let mut into = Collector::new(name, source);
    let shape = shape::recognise(name, &head, whole)?;
    let mut recognised = match shape {
        Shape::Lines => {
            lines::read(name, &mut head.as_slice().chain(reader), &mut into)?;
            of_lines(&into, args)
        }
        Shape::Document => {
            let text = rest(reader, head, name, whole)?;
            let document = document(&text, name, &mut into)?;
            of_document(&document, &into, args)
        }
        Shape::Crontab => {
            let text = rest(reader, head, name, whole)?;
            of_crontab(&text, file, args, &mut into)
        }
    };
    let gateway = named.and_then(|named| recognised.gateway(&named.config, args.config.as_deref()));
    let cron = named.filter(|_| gateway.is_some()).map(|named| named.cron);
    let cron = cron.unwrap_or_default();
    let failed = into.failed();
    let mut collected = into.finish(recognised.rules);
    for job in &mut collected.jobs {
        job.source = source;
        job.run_length = state::last_run(job).map(Box::new);
    }
    if collected.jobs.is_empty() && failed > 0 {
        return Err(none_usable(
            name,
            &recognised.shape,
            failed,
            collected.problems,
        ));
    }
    let mut notes = vec![format!(
        "{name}: recognised as {} ({})",
        recognised.shape,
        count(collected.jobs.len(), failed)
    )];
    notes.extend(
        recognised
            .notes
            .iter()
            .map(|note| format!("{name}: {note}")),
    );
    notes.extend(collected.duplicates);
    Ok(OneSource {
        info: SourceInfo {
            tag: tag.to_owned(),
            kind: SourceKind::Jobs,
            location: name.to_owned(),
            shape: recognised.shape,
            scheduler: recognised.scheduler,
            rules: recognised.rules,
            rules_origin: recognised.origin,
            rules_confidence: recognised.confidence,
            max_concurrent_runs: cron.max_concurrent_runs,
            cron_enabled: cron.enabled,
            store: name.to_owned(),
        },
        gateway,
        jobs: collected.jobs,
        problems: collected.problems,
        notes,
    })
}

fn count(jobs: usize, failed: usize) -> String {
    let plural = if jobs == 1 { "job" } else { "jobs" };
    match failed {
        0 => format!("{jobs} {plural}"),
        n => format!("{jobs} {plural}, {n} not usable"),
    }
}

fn none_usable(name: &str, shape: &str, failed: usize, problems: Vec<Problem>) -> Error {
    let mut error = Error::failed(format!(
        "{name}: none of {failed} entries ({shape}) can be used"
    ));
    error.causes = problems.iter().take(5).map(ToString::to_string).collect();
    error.hints = problems
        .into_iter()
        .find_map(|p| p.hint)
        .into_iter()
        .collect();
    error
}

/// Reads the rest of a stream as text, unless what was read shows that it is broken.
fn rest(
    reader: &mut dyn Read,
    mut head: Vec<u8>,
    name: &str,
    whole: bool,
) -> Result<String, Error> {
    let fail = |e: std::io::Error| Error::failed(format!("{name}: cannot be read")).because(e);
    if !whole && !shape::is_broken(&head) {
        let more = MAX_DOCUMENT + 1 - head.len() as u64;
        Read::take(&mut *reader, more)
            .read_to_end(&mut head)
            .map_err(fail)?;
        if head.len() as u64 > MAX_DOCUMENT {
            return Err(Error::failed(format!("{name}: is larger than {MAX_DOCUMENT} bytes"))
                .hint("one JSON object per line has no such limit: jq -c '.jobs[]' FILE | cronctl … --jobs -"));
        }
    } else if !whole {
        // The last character may be cut; the damage is before it.
        while std::str::from_utf8(&head).is_err_and(|e| e.error_len().is_none()) {
            head.pop();
        }
    }
    let text = String::from_utf8(head).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let byte = e.as_bytes()[at];
        Error::failed(format!(
            "{name}: is not UTF-8 text: byte 0x{byte:02x} at offset {at}"
        ))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

fn document(text: &str, name: &str, into: &mut Collector) -> Result<Document, Error> {
    let mut n = 0;
    let document = read_document(text, &mut |job| {
        n += 1;
        into.add(job, Place::entry(n));
    });
    if let Some(broken) = &document.broken {
        let at = format!("{name}:{}:{}", broken.line, broken.column);
        if into.jobs.is_empty() {
            return Err(Error::failed(format!("{at}: is not JSON or JSON5")).because(broken));
        }
        let what = format!(
            "breaks off ({broken}); {} jobs before it are used",
            into.jobs.len()
        );
        into.problem(Problem::new(at, what));
    }
    Ok(document)
}

/// Rules of a source that names no version.
fn openclaw_rules(
    args: &SourceArgs,
    likely: Option<(Version, &str)>,
) -> (Rules, String, Confidence) {
    match (args.stated_version(), likely) {
        (Some(version), _) => (
            Rules::OpenClaw(version),
            "--openclaw-version".to_owned(),
            Confidence::Certain,
        ),
        (None, Some((version, origin))) => (
            Rules::OpenClaw(version),
            origin.to_owned(),
            Confidence::Likely,
        ),
        (None, None) => (
            Rules::OpenClaw(Version::NEWEST_CHECKED),
            "assumed: newest checked version".to_owned(),
            Confidence::Assumed,
        ),
    }
}

/// A source whose shape does not say whose rules hold: `--dialect`, else OpenClaw's.
fn unsaid(args: &SourceArgs, shape: String, scheduler: Scheduler) -> Recognised {
    let (rules, origin, confidence) = match args.dialect {
        Some(Dialect::Molecule) => (Rules::Molecule, DIALECT.to_owned(), Confidence::Certain),
        Some(Dialect::CronRs) => (Rules::CronRs, DIALECT.to_owned(), Confidence::Certain),
        Some(Dialect::OpenClaw) => {
            let (rules, _, confidence) = openclaw_rules(args, None);
            (rules, DIALECT.to_owned(), confidence)
        }
        None => openclaw_rules(args, None),
    };
    let scheduler = match (scheduler, rules) {
        (Scheduler::Crontab, _) => Scheduler::Crontab,
        (_, Rules::OpenClaw(_)) => Scheduler::OpenClaw,
        (_, Rules::Molecule) => Scheduler::Molecule,
        (_, Rules::CronRs) => Scheduler::CronRs,
    };
    Recognised {
        shape,
        scheduler,
        rules,
        origin,
        confidence,
        notes: Vec::new(),
    }
}

fn molecule(shape: String) -> Recognised {
    Recognised {
        shape,
        scheduler: Scheduler::Molecule,
        rules: Rules::Molecule,
        origin: "shape: Molecule schedules".to_owned(),
        confidence: Confidence::Certain,
        notes: Vec::new(),
    }
}

fn of_lines(into: &Collector, args: &SourceArgs) -> Recognised {
    match into.shape() {
        Some(JobShape::Molecule) => molecule("NDJSON of Molecule schedules".to_owned()),
        Some(JobShape::Plain) => {
            unsaid(args, "NDJSON of plain jobs".to_owned(), Scheduler::OpenClaw)
        }
        _ => unsaid(
            args,
            "NDJSON of OpenClaw jobs".to_owned(),
            Scheduler::OpenClaw,
        ),
    }
}

fn of_document(document: &Document, into: &Collector, args: &SourceArgs) -> Recognised {
    let json5 = if document.is_json5 { ", JSON5" } else { "" };
    let is_wrapped = document.tops.contains(&Top::Jobs);
    let what = match into.shape() {
        Some(JobShape::Molecule) => {
            return molecule(format!(
                "Molecule schedules (GET /workspaces/ID/schedules{json5})"
            ));
        }
        Some(JobShape::Plain) => "plain jobs",
        _ => "OpenClaw jobs",
    };
    if !is_wrapped {
        let shape = match document.tops.first() {
            Some(Top::Single) => format!("a single one of {what}{json5}"),
            _ => format!("an array of {what}{json5}"),
        };
        return unsaid(args, shape, Scheduler::OpenClaw);
    }
    let (shape, likely) = if document.has_previews {
        let origin = "shape: `cron list` with delivery previews → 2026.9.6";
        (
            "`openclaw cron list --json`",
            Some((Version::NEWEST_CHECKED, origin)),
        )
    } else if document.has_paging {
        let origin = "shape: `cron list` without delivery previews → 2026.3.31";
        (
            "`openclaw cron list --json`",
            Some((Version::new(2026, 3, 31), origin)),
        )
    } else if document.version == Some(1) {
        let origin = "shape: jobs.json version 1 → 2026.3.31";
        (
            "OpenClaw jobs.json",
            Some((Version::new(2026, 3, 31), origin)),
        )
    } else {
        ("an object with jobs", None)
    };
    let (rules, origin, confidence) = openclaw_rules(args, likely);
    let mut notes = Vec::new();
    if document.has_more {
        notes.push(
            "the answer says hasMore: it is one page, and the jobs of the others are not here"
                .to_owned(),
        );
    }
    Recognised {
        shape: format!("{shape}{json5}"),
        scheduler: Scheduler::OpenClaw,
        rules,
        origin,
        confidence,
        notes,
    }
}

fn of_crontab(text: &str, file: &Path, args: &SourceArgs, into: &mut Collector) -> Recognised {
    let place = file.to_string_lossy();
    let system = place.ends_with("etc/crontab") || place.contains("etc/cron.d/");
    let learnt = crontab::read(text, system, into);
    let form = if learnt.has_users {
        "a system crontab (with a user column)"
    } else {
        "a user crontab"
    };
    let mut recognised = unsaid(args, form.to_owned(), Scheduler::Crontab);
    recognised.notes.push(format!(
        "fire times are by the rules of {}, without stagger; cron(8) itself treats a change of clocks differently",
        super::rules_name(recognised.rules)
    ));
    if learnt.has_random_delay {
        recognised
            .notes
            .push("RANDOM_DELAY is not part of the plan".to_owned());
    }
    recognised
}
