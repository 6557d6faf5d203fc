//! `plan --suggest`: changes to the jobs that realise a plan. Printed, never applied.

mod changed;
mod patch;
mod report;
mod row;
mod screen;
mod shell;
mod warnings;

use std::mem::ManuallyDrop;

use clap::{Args, ValueEnum};

use self::patch::Document;
pub use self::report::SuggestionsReport;
use self::report::{ChangeKind, Counts, SuggestedPeaks};
use self::row::{Found, Rows};
use super::args::{Honour, PlanArgs, name};
use super::gather::{self, Gathered};
use super::given::Given;
use super::report::{GroupPeaks, Summary};
use super::{chart, screen as plan_screen, summary};
use crate::command::begin;
use crate::context::Context;
use crate::error::{Error, Exit};
use crate::plan::suggest::{LATEST_MS, Wishes};
use crate::plan::{self, Input, Jitter, Peaks};
use crate::report::{self as output, Format};
use crate::source::{Loaded, SourceKind};

/// `--suggest`.
#[derive(Args, Clone, Debug, Default)]
pub struct SuggestArgs {
    /// Print the changes that realise the plan, with the peaks before and after; nothing is applied
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "commands",
        value_name = "FORM",
        conflicts_with_all = ["fires", "summary"],
        help_heading = "Suggestions"
    )]
    pub suggest: Option<Form>,
}

/// What changes are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `openclaw cron edit` commands, one per line, the rest as comments
    Commands,
    /// A JSON patch (RFC 6902) of the store's or --jobs file's document
    Patch,
}

impl SuggestArgs {
    /// Whether changes are asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.suggest.is_some()
    }
}

/// Computes the changes and prints them.
///
/// # Errors
/// When the options contradict each other, or no patch can be made for the source.
pub(super) fn run(args: &PlanArgs, ctx: &Context, given: &Given) -> Result<Exit, Error> {
    let jitter = given.settings.jitter;
    if matches!(jitter, Jitter::None | Jitter::Native) {
        let strategy = name(&given.settings.strategy);
        return Err(Error::usage(format!(
            "--suggest has nothing to realise: --jitter {strategy} spreads nothing"
        ))
        .hint("cronctl plan --jitter fit --max-concurrent 4 --suggest")
        .hint("--jitter spread --window 60s, gap and hash can be realised, too"));
    }
    if args.honour == Honour::Both {
        return Err(
            Error::usage("--suggest realises one plan, and --honour both makes two").hint(
                "leave --honour out for the models that the gateway resolves, or --honour declared",
            ),
        );
    }
    let gathered = ManuallyDrop::new(given.gathered(args, given.basis));
    begin::somebody_has(
        &args.job,
        &gathered.planned.iter().map(|p| p.job),
        |asked| format!("--job {asked:?}: no planned job has this id, prefix or name"),
    )?;
    let rules = given.rules(args, &gathered);
    let input = given.input(
        args,
        &gathered,
        gather::plan_jobs(&gathered.planned),
        &rules,
    );
    let outcome = plan::plan(&input, &mut super::Unheard);
    let wishes = wishes(&input);
    let mut found = Rows {
        loaded: &given.loaded,
        gathered: &gathered,
        wishes: &wishes,
        jitter,
        shared: row::shared(&given.loaded),
    }
    .found();
    let several = name_gateways(&mut found, &given.loaded, ctx);
    let changed = changed::peaks(&input, &found);
    let parts = summary::Parts {
        loaded: &given.loaded,
        gathered: &gathered,
        input: &input,
        outcome: &outcome,
        rules: &rules,
        settings: &given.settings,
        models: &given.models,
        basis: given.basis,
        peaks_declared: None,
        target: args.max_concurrent,
        tzdata: given.zones.version(),
    };
    let summary = summary::of(&parts);
    let peaks = peaks(&gathered, summary.peaks.clone(), &changed);
    let form = args.suggest.suggest.unwrap_or(Form::Commands);
    let warnings = warnings::Warnings {
        loaded: &given.loaded,
        gathered: &gathered,
        outcome: &outcome,
        wishes: &wishes,
        found: &found,
        peaks: &peaks,
        several,
        form,
    };
    let mut report = SuggestionsReport {
        counts: counts(&gathered, &found),
        realised: peaks.iter().all(is_reached),
        missed: missed(&peaks, jitter),
        warnings: warnings.of(&summary),
        peaks,
        basis: basis(&summary),
        inputs: summary.inputs,
        run_lengths: summary.run_lengths,
        dispatch: summary.dispatch,
        findings: summary.findings,
        suggestions: Vec::new(),
        patch: None,
        patch_of: None,
        problems: super::problems(&given.loaded, &gathered, &outcome),
        in_script: form == Form::Commands && ctx.output.format == Format::Table,
    };
    if form == Form::Patch {
        patch(&mut report, &mut found, given, ctx)?;
    }
    report.suggestions = found.into_iter().map(|f| f.row).collect();
    output::write(&mut report, ctx)?;
    Ok(Exit::Ok)
}

/// What the plan wants of each job. A fit is made with a little room after each run, so that an offset that
/// comes out a little later than wanted overlaps nothing.
fn wishes(input: &Input<'_>) -> Wishes {
    let mut jobs = input.jobs.clone();
    if matches!(input.options.jitter, Jitter::Fit { .. }) {
        for job in &mut jobs {
            job.run_ms = job.run_ms.saturating_add(LATEST_MS);
        }
    }
    let mut wishes = Wishes::new(jobs.len(), input.options.at_nominal());
    let input = Input {
        jobs,
        recurrences: input.recurrences.clone(),
        groups: input.groups.clone(),
        dispatch: input.dispatch.clone(),
        ..*input
    };
    plan::plan(&input, &mut wishes);
    wishes
}

fn counts(gathered: &Gathered<'_>, found: &[Found]) -> Counts {
    let changed = found.iter().filter(|f| f.change.is_some()).count();
    let not_asked_for = gathered.planned.iter().filter(|p| !p.shown).count();
    Counts {
        changed,
        not_changeable: found.len() - changed,
        unchanged: gathered.planned.len() - not_asked_for - found.len(),
        not_asked_for,
    }
}

/// What the changes and their peaks rest on, for the head of the script.
fn basis(summary: &Summary) -> Vec<String> {
    let mut lines = chart::sources(summary);
    lines.extend(plan_screen::basis(summary));
    lines.push("peaks are without any cap on what runs; with the slots of each source:".to_owned());
    lines.extend(summary.dispatch.iter().map(plan_screen::slots));
    lines
}

/// Says before each command whose gateway it is for, where commands are for several sources. Returns
/// whether they are.
fn name_gateways(found: &mut [Found], loaded: &Loaded, ctx: &Context) -> bool {
    let mut sources: Vec<usize> = found
        .iter()
        .filter(|f| f.row.argv.is_some())
        .map(|f| f.source)
        .collect();
    sources.dedup();
    if sources.len() < 2 {
        return false;
    }
    for Found { source, row, .. } in found {
        let source = &loaded.sources[*source];
        if let (SourceKind::OpenClaw, Some(argv)) = (source.kind, &mut row.argv) {
            let directory = ctx.directory.join(&source.location);
            let variable = format!("OPENCLAW_STATE_DIR={}", directory.display());
            argv.splice(..0, ["env".to_owned(), variable]);
            row.command = shell::line(argv);
        }
    }
    true
}

/// Puts the peaks of the changed jobs beside those of the plan. Their groups are the same, in one order.
fn peaks(
    gathered: &Gathered<'_>,
    planned: Vec<GroupPeaks>,
    changed: &Peaks,
) -> Vec<SuggestedPeaks> {
    let of = |group: &Option<String>| match group {
        None => changed.total,
        Some(group) => {
            let index = gathered.groups.iter().position(|label| label == group);
            let peak = index.and_then(|i| changed.groups.get(i));
            peak.copied().unwrap_or_default()
        }
    };
    let beside = |peaks: GroupPeaks| SuggestedPeaks {
        suggested: of(&peaks.group),
        group: peaks.group,
        before: peaks.before,
        planned: peaks.after,
    };
    planned.into_iter().map(beside).collect()
}

fn is_reached(peaks: &SuggestedPeaks) -> bool {
    let (planned, got) = (&peaks.planned, &peaks.suggested);
    got.concurrent <= planned.concurrent && got.starts_per_second <= planned.starts_per_second
}

/// Says where the changes miss the plan, and where the plan itself misses its target.
fn missed(peaks: &[SuggestedPeaks], jitter: Jitter) -> Vec<String> {
    let mut said = Vec::new();
    for peaks in peaks {
        let group = peaks.group.as_deref().unwrap_or("total");
        let (planned, got) = (&peaks.planned, &peaks.suggested);
        if got.concurrent > planned.concurrent {
            said.push(format!(
                "{group}: the changes miss the plan: {} at once instead of {}",
                got.concurrent, planned.concurrent
            ));
        }
        if got.starts_per_second > planned.starts_per_second {
            said.push(format!(
                "{group}: the changes miss the plan: {} starts in one second instead of {}",
                got.starts_per_second, planned.starts_per_second
            ));
        }
        if let (Jitter::Fit { max_concurrent }, Some(_)) = (jitter, &peaks.group)
            && got.concurrent.min(planned.concurrent) > max_concurrent
        {
            said.push(format!(
                "{group}: {} at once are planned, more than --max-concurrent {max_concurrent}: runs of \
                 different bursts overlap",
                planned.concurrent
            ));
        }
    }
    said
}

/// Adds the patches, each to its job and all together.
fn patch(
    report: &mut SuggestionsReport,
    found: &mut [Found],
    given: &Given,
    ctx: &Context,
) -> Result<(), Error> {
    let is_edited = |f: &&Found| f.change.is_some() && f.row.change != ChangeKind::Prefix;
    let mut sources: Vec<usize> = found.iter().filter(is_edited).map(|f| f.source).collect();
    sources.dedup();
    if sources.len() > 1 {
        return Err(Error::usage(
            "a JSON patch is for one document, and several sources have changes",
        )
        .hint("name one source at a time"));
    }
    let index = sources.first().copied().unwrap_or(0);
    let source = &given.loaded.sources[index];
    let document = Document::read(source, ctx)?;
    let mut all = Vec::new();
    for one in found.iter_mut().filter(|f| f.source == index) {
        let (Some(change), true) = (&one.change, one.row.change != ChangeKind::Prefix) else {
            continue;
        };
        match document.ops(&given.loaded.jobs[one.at], change) {
            Ok(ops) => {
                all.extend(ops.iter().cloned());
                one.row.patch = Some(ops);
            }
            Err(why) => report.warnings.push(format!(
                "{}: no patch for it: {why}; the peaks count its change",
                one.row.job
            )),
        }
    }
    for (index, other) in given.loaded.sources.iter().enumerate() {
        let is_prefix = |f: &&Found| f.source == index && f.row.change == ChangeKind::Prefix;
        let left = found.iter().filter(is_prefix).count();
        if left > 0 {
            report.warnings.push(format!(
                "{}: {left} of the changes are prefixes in {} and no part of the patch; the peaks \
                 count them",
                other.tag, other.location
            ));
        }
    }
    if source.kind == SourceKind::OpenClaw {
        report.warnings.push(format!(
            "a running gateway writes {} anew after each tick: stop it before the patch is applied",
            source.store
        ));
    }
    // On the screen the patch stands alone, to be piped: what is to be known goes to stderr.
    if ctx.output.format == Format::Table {
        for peaks in &report.peaks {
            ctx.ui.note(&screen::peaks_in_words(peaks));
        }
        report.warnings.extend(report.missed.iter().cloned());
    }
    report.patch = Some(all);
    report.patch_of = Some(source.store.clone());
    Ok(())
}
