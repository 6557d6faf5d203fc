//! Which jobs were asked for.

use crate::error::Error;
use crate::job::Job;
use crate::report::nearest;
use crate::source::Loaded;

/// How many matches of an ambiguous name are listed.
const LISTED: usize = 5;

/// Finds the jobs that `asked` names, each once, in the order of the sources; all without names.
///
/// An exact id wins over a name, a name over the beginning of an id. The same id in several sources
/// is every job that has it.
///
/// # Errors
/// When a name fits no job, or several: the nearest are listed.
pub(crate) fn pick<'a>(loaded: &'a Loaded, asked: &[String]) -> Result<Vec<&'a Job>, Error> {
    if asked.is_empty() {
        return Ok(loaded.jobs.iter().collect());
    }
    let mut picked = vec![false; loaded.jobs.len()];
    for text in asked {
        for at in matches(loaded, text)? {
            picked[at] = true;
        }
    }
    let jobs = loaded.jobs.iter().zip(picked);
    Ok(jobs.filter(|(_, p)| *p).map(|(job, _)| job).collect())
}

fn matches(loaded: &Loaded, text: &str) -> Result<Vec<usize>, Error> {
    let which = |is: &dyn Fn(&Job) -> bool| -> Vec<usize> {
        let jobs = loaded.jobs.iter().enumerate();
        jobs.filter(|(_, job)| is(job)).map(|(i, _)| i).collect()
    };
    let ids = which(&|job| *job.id == *text);
    if !ids.is_empty() {
        return Ok(ids);
    }
    let named = which(&|job| job.name.as_deref() == Some(text));
    let found = if named.is_empty() && !text.is_empty() {
        which(&|job| job.id.starts_with(text))
    } else {
        named
    };
    match found[..] {
        [_] => Ok(found),
        [] => Err(unknown(loaded, text)),
        _ => Err(ambiguous(loaded, text, &found)),
    }
}

fn unknown(loaded: &Loaded, text: &str) -> Error {
    let names = loaded
        .jobs
        .iter()
        .flat_map(|job| std::iter::once(&*job.id).chain(job.name.as_deref()));
    let error = Error::usage(format!(
        "{text:?}: no job has this id, beginning of an id, or name"
    ));
    match nearest(text, names) {
        Some(name) => error.hint(format!("did you mean {name:?}?")),
        None if loaded.jobs.is_empty() => error.hint("the sources have no jobs at all"),
        None => error.hint("cronctl explain-model lists all jobs"),
    }
}

fn ambiguous(loaded: &Loaded, text: &str, found: &[usize]) -> Error {
    let count = found.len();
    let mut error = Error::usage(format!("{text:?} is {count} jobs: give more of the id"));
    for at in &found[..count.min(LISTED)] {
        let job = &loaded.jobs[*at];
        let name = job.name.as_deref().unwrap_or("no name");
        error = error.hint(format!("{} ({name}), {}", job.id, loaded.place(job)));
    }
    if count > LISTED {
        error = error.hint(format!("and {} more", count - LISTED));
    }
    error
}
