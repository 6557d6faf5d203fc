//! Sources read through the library: recorded states, files of jobs, live and damaged stores.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests prepare files themselves, and a panic is how they fail"
)]

mod demo;
mod fuzz;
mod gateways;
mod jobs;
mod keys;
mod sessions;
mod sqlite;
mod states;

use std::path::{Path, PathBuf};

use cronctl::env::Env;
use cronctl::error::Error;
use cronctl::job::Job;
use cronctl::source::{Loaded, OpenClawArg, SourceArgs, load};

/// A file of the test data.
fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

/// An environment without a home, so that nothing of this machine is found.
fn no_home() -> Env {
    Env::of([("HOME", "/nonexistent"), ("OPENCLAW_HOME", "/nonexistent")])
}

fn open(dir: &Path) -> Result<Loaded, Error> {
    let args = SourceArgs {
        openclaw: vec![OpenClawArg::Dir(dir.to_owned())],
        ..SourceArgs::default()
    };
    load(&args, &no_home(), &mut std::io::empty())
}

fn stdin(bytes: &[u8]) -> Result<Loaded, Error> {
    let args = SourceArgs {
        jobs: vec!["-".into()],
        ..SourceArgs::default()
    };
    load(&args, &no_home(), &mut &bytes[..])
}

fn file(path: &Path) -> Result<Loaded, Error> {
    let args = SourceArgs {
        jobs: vec![path.to_owned()],
        ..SourceArgs::default()
    };
    load(&args, &no_home(), &mut std::io::empty())
}

fn named<'a>(loaded: &'a Loaded, name: &str) -> &'a Job {
    loaded
        .jobs
        .iter()
        .find(|j| j.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("no job {name}"))
}

/// Copies a directory of the test data to a temporary place.
fn copy_of(path: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&data(path), dir.path());
    dir
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
