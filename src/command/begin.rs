//! What commands about jobs have in common: the sources loaded, the clock, and names that no job has.

use crate::config::Origin;
use crate::context::Context;
use crate::error::Error;
use crate::job::Job;
use crate::report::nearest;
use crate::source::{self, DEMO_NOW_MS, Loaded, SourceArgs, SourceKind, Want};

/// Loads the sources of a command and says on stderr what there is to know about them.
///
/// # Errors
/// When none of them can be read.
pub(crate) fn load(args: &SourceArgs, ctx: &Context, want: Want) -> Result<Loaded, Error> {
    let loaded = reload(args, ctx, want)?;
    for note in &loaded.notes {
        ctx.ui.note(note);
    }
    Ok(loaded)
}

/// Loads the sources again, and says nothing.
///
/// # Errors
/// As [`load`].
pub(crate) fn reload(args: &SourceArgs, ctx: &Context, want: Want) -> Result<Loaded, Error> {
    source::load_in(
        &args.or_configured(&ctx.config.source_defaults())?,
        &ctx.env,
        &mut std::io::stdin().lock(),
        &ctx.directory,
        want,
    )
}

/// The instant of evaluation. The demo has a clock of its own, unless an instant was asked for.
pub(crate) fn now_ms(loaded: &Loaded, ctx: &Context) -> i64 {
    let demo = loaded.sources.iter().all(|s| s.kind == SourceKind::Demo);
    if demo && ctx.now_origin == Origin::BuiltIn {
        DEMO_NOW_MS
    } else {
        ctx.now_ms
    }
}

/// Refuses names that none of `jobs` has: an empty answer would look like peace. `said` makes the
/// message of such a name.
///
/// # Errors
/// When there is one; the nearest name is suggested.
pub(crate) fn somebody_has<'a>(
    asked: &[String],
    jobs: &(impl Iterator<Item = &'a Job> + Clone),
    said: impl Fn(&str) -> String,
) -> Result<(), Error> {
    for text in asked {
        if jobs.clone().any(|job| job.answers_to(text)) {
            continue;
        }
        let names = jobs
            .clone()
            .flat_map(|job| std::iter::once(&*job.id).chain(job.name.as_deref()));
        let error = Error::usage(said(text));
        return Err(match nearest(text, names) {
            Some(name) => error.hint(format!("did you mean {name:?}?")),
            None => error,
        });
    }
    Ok(())
}
