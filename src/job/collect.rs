//! Jobs of one source being read: the good ones, what is wrong with the others, in bounded space.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::parse::{Complaint, Failure, JobShape, Slot, fast, parse, parse_row};
use super::{Job, Place, Words};
use crate::error::Problem;
use crate::schedule::{Rules, Version};

/// How many bad entries of one source are named; the rest are counted.
pub const MAX_NAMED: usize = 20;

/// Collects the jobs of one source.
#[derive(Debug)]
pub struct Collector {
    /// The file, as it appears in messages.
    file: String,
    source: usize,
    /// The good jobs, in order. Their rules are those of the newest version until
    /// [`Collector::finish`] sets them.
    pub jobs: Vec<Job>,
    problems: Vec<Problem>,
    unnamed: usize,
    words: Words,
    /// The first job's shape decides; a job of another system among them is a mistake.
    shape: Option<JobShape>,
}

/// What was read.
#[derive(Debug)]
pub struct Collected {
    /// The good jobs.
    pub jobs: Vec<Job>,
    /// What could not be used: at most [`MAX_NAMED`] named, and one that counts the rest.
    pub problems: Vec<Problem>,
    /// Ids that occur more than once, said once.
    pub duplicates: Option<String>,
}

impl Collector {
    /// Starts a source whose messages name `file`.
    pub fn new(file: impl Into<String>, source: usize) -> Self {
        Self {
            file: file.into(),
            source,
            jobs: Vec::new(),
            problems: Vec::new(),
            unnamed: 0,
            words: Words::default(),
            shape: None,
        }
    }

    /// Returns the shape of the first job; [`JobShape::OpenClaw`] wins over plain ones.
    pub fn shape(&self) -> Option<JobShape> {
        self.shape
    }

    /// How many entries could not be used so far.
    pub fn failed(&self) -> usize {
        self.problems.len() + self.unnamed
    }

    /// Adds the job in `text`.
    pub fn add(&mut self, text: &str, at: Place) {
        let slot = self.slot(at);
        // The straight way for the good rows of a long file: everything else is said by `parse`.
        if self.shape == Some(JobShape::OpenClaw)
            && let Some(job) = fast(text, slot, &mut self.words)
        {
            self.jobs.push(job);
            return;
        }
        let parsed = parse(text, slot, &mut self.words);
        self.take(parsed, at);
    }

    /// Adds the job of a row of the SQLite store.
    pub fn add_row(&mut self, definition: &str, state: &str, at: Place) -> Option<&mut Job> {
        let slot = self.slot(at);
        let before = self.jobs.len();
        let parsed = parse_row(definition, state, slot, &mut self.words);
        self.take(parsed, at);
        self.jobs.get_mut(before)
    }

    /// Adds a job that was built without JSON.
    pub fn push(&mut self, job: Job) {
        self.jobs.push(job);
    }

    /// Adds a problem, or counts it when enough are named.
    pub fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MAX_NAMED {
            self.problems.push(problem);
        } else {
            self.unnamed += 1;
        }
    }

    /// Finishes: sets the rules of every job and looks for duplicates.
    pub fn finish(mut self, rules: Rules) -> Collected {
        if self.unnamed > 0 {
            let what = format!("{} more entries could not be used", self.unnamed);
            self.problems.push(Problem::new(self.file.clone(), what));
        }
        for job in &mut self.jobs {
            job.rules = rules;
        }
        let duplicates = duplicates(&self.jobs, &self.file);
        Collected {
            jobs: self.jobs,
            problems: self.problems,
            duplicates,
        }
    }

    /// Returns a place of this source for a problem.
    pub fn place(&self, at: Place) -> String {
        match at {
            Place::Entry(n) => format!("{}: job {n}", self.file),
            Place::Line(n) => format!("{}:{n}", self.file),
        }
    }

    /// Returns what is known about a job before its text is read.
    pub(crate) fn slot(&self, at: Place) -> Slot {
        Slot {
            source: self.source,
            at,
            rules: Rules::OpenClaw(Version::NEWEST_CHECKED),
        }
    }

    /// Takes what [`parse`] made of the entry at a place.
    pub(crate) fn take(&mut self, parsed: Result<(Job, JobShape), Failure>, at: Place) {
        match parsed {
            Ok((mut job, shape)) => {
                job.at = at;
                let first = *self.shape.get_or_insert(shape);
                if (first == JobShape::Molecule) == (shape == JobShape::Molecule) {
                    if shape == JobShape::OpenClaw {
                        self.shape = Some(shape);
                    }
                    self.jobs.push(job);
                } else {
                    let (here, others) = if shape == JobShape::Molecule {
                        ("a Molecule schedule", "OpenClaw jobs")
                    } else {
                        ("an OpenClaw job", "Molecule schedules")
                    };
                    let place = self.place(at);
                    self.problem(
                        Problem::new(place, format!("is {here} among {others}"))
                            .hint("give each system's jobs as a source of its own"),
                    );
                }
            }
            Err(Failure::Syntax(error)) => {
                let what = super::document::reason(&error);
                let at = match at {
                    Place::Line(line) => format!("{}:{line}:{}", self.file, error.column().max(1)),
                    entry @ Place::Entry(_) => self.place(entry),
                };
                self.problem(Problem::new(at, format!("is not a job: {what}")));
            }
            Err(Failure::Field(complaint)) => {
                let problem = self.complaint(&complaint, at);
                self.problem(problem);
            }
        }
    }

    fn complaint(&self, complaint: &Complaint, at: Place) -> Problem {
        let mut place = self.place(at);
        if let Some(label) = complaint.label() {
            place.push_str(if matches!(at, Place::Line(_)) {
                ": job "
            } else {
                " "
            });
            place.push_str(&label);
        }
        let problem = Problem::new(place, complaint.to_string());
        match complaint.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

fn duplicates(jobs: &[Job], file: &str) -> Option<String> {
    // Nearly always there are none, which sorted hashes of the ids tell at a fifth of the price.
    let hash = |job: &Job| FxBuildHasher.hash_one(&job.id);
    let mut hashes: Vec<u64> = jobs.iter().map(hash).collect();
    hashes.sort_unstable();
    if hashes.windows(2).all(|pair| pair[0] != pair[1]) {
        return None;
    }
    let mut seen: FxHashMap<&str, Place> =
        FxHashMap::with_capacity_and_hasher(jobs.len(), FxBuildHasher);
    let mut count = 0_usize;
    let mut first = None;
    for job in jobs {
        if let Some(earlier) = seen.insert(&job.id, job.at) {
            count += 1;
            first.get_or_insert((&job.id, earlier, job.at));
        }
    }
    let (id, a, b) = first?;
    let more = match count {
        1 => String::new(),
        n => format!(", and {} more like it", n - 1),
    };
    Some(format!("{file}: id {id:?} is at {a} and at {b}{more}"))
}
