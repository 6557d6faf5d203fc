//! One look: the sources read, the plan made, the next bursts kept.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::SHOWN;
use crate::clock;
use crate::command::plan::args::PlanArgs;
use crate::command::plan::gather;
use crate::command::plan::given::Given;
use crate::command::plan::report::BurstRow;
use crate::command::plan::take::{Rows, Taker};
use crate::config::Origin;
use crate::context::Context;
use crate::error::{Error, Problem};
use crate::plan::{self, Horizon};
use crate::report::Format;
use crate::source::{DEMO_NOW_MS, Loaded};

/// What a look saw.
pub(super) struct Look {
    /// When, epoch milliseconds.
    pub(super) now_ms: i64,
    /// The planned jobs.
    pub(super) jobs: usize,
    /// The bursts within the horizon.
    pub(super) in_horizon: usize,
    /// The next of them.
    pub(super) bursts: Vec<BurstRow>,
    /// What was skipped.
    pub(super) problems: Vec<Problem>,
    /// Stands for the definitions of the jobs: it changes when one does.
    pub(super) definitions: u64,
}

/// What time it is.
#[expect(
    clippy::struct_field_names,
    reason = "each is an instant or a span and says its unit"
)]
pub(super) struct Clock {
    /// The instant that was asked for, which does not move.
    fixed_ms: Option<i64>,
    /// When the watch began, by the machine's clock.
    began_ms: i64,
    /// What is added to the machine's clock: the demo has its own.
    ahead_ms: i64,
}

impl Clock {
    pub(super) fn new(ctx: &Context) -> Self {
        let fixed = ctx.now_origin != Origin::BuiltIn;
        Self {
            fixed_ms: fixed.then_some(ctx.now_ms),
            began_ms: clock::now_ms(),
            ahead_ms: 0,
        }
    }

    /// The instant, epoch milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.fixed_ms
            .unwrap_or_else(|| clock::now_ms().saturating_add(self.ahead_ms))
    }

    /// How long until the clock shows another second.
    pub(super) fn until_next_second(&self) -> Duration {
        let into = self.now_ms().rem_euclid(1000);
        Duration::from_millis(u64::try_from(1000 - into).unwrap_or(1000))
    }

    /// The demo's clock runs on from its own instant, which it showed when the watch began.
    fn of_demo(&mut self) {
        self.ahead_ms = DEMO_NOW_MS.saturating_sub(self.began_ms);
    }
}

/// Reads the sources and makes the plan from now on. What there is to know about the sources is said
/// at the first look.
///
/// # Errors
/// When no source can be read, or the options contradict each other.
pub(super) fn look(
    args: &PlanArgs,
    ctx: &Context,
    clock: &mut Clock,
    first: bool,
) -> Result<Look, Error> {
    let mut given = if first {
        Given::read(args, ctx)?
    } else {
        Given::again(args, ctx)?
    };
    if first && clock.fixed_ms.is_none() && given.now_ms == DEMO_NOW_MS {
        clock.of_demo();
    }
    let now_ms = clock.now_ms();
    let length = args.length.unwrap_or(crate::command::plan::DAY_MS);
    given.now_ms = now_ms;
    given.horizon = Horizon {
        from_ms: now_ms,
        until_ms: now_ms.saturating_add(length),
    };
    let seen = planned(args, ctx, &given, now_ms);
    // A watch goes on: what a single answer leaves to the end of the process is given back here.
    drop(ManuallyDrop::into_inner(given.loaded));
    drop(ManuallyDrop::into_inner(given.models));
    seen
}

fn planned(args: &PlanArgs, ctx: &Context, given: &Given, now_ms: i64) -> Result<Look, Error> {
    let basis = given.basis;
    let gathered = given.gathered(args, basis);
    let jobs = gather::plan_jobs(&gathered.planned);
    let rules = given.rules(args, &gathered);
    let input = given.input(args, &gathered, jobs, &rules);
    // Rows are kept, whatever is printed of them.
    let mut kept = ctx.at(now_ms);
    kept.output.format = Format::Json;
    let models = (&*given.models, basis);
    let mut taker = Taker::new(&given.loaded, &gathered, &input, models, args, &kept)?;
    let outcome = plan::plan(&input, &mut taker);
    let problems = crate::command::plan::problems(&given.loaded, &gathered, &outcome);
    let mut bursts = match taker.taken()?.bursts {
        Rows::Kept(bursts) => bursts,
        _ => Vec::new(),
    };
    let in_horizon = bursts.len();
    bursts.truncate(SHOWN);
    Ok(Look {
        now_ms,
        jobs: gathered.counts.planned,
        in_horizon,
        bursts,
        problems,
        definitions: definitions(&given.loaded),
    })
}

/// A number that changes with the definition of a job, and not with what the scheduler records.
fn definitions(loaded: &Loaded) -> u64 {
    let mut hasher = DefaultHasher::new();
    for job in &loaded.jobs {
        (job.source, &job.id, &job.name, job.enabled).hash(&mut hasher);
        (&job.agent, &job.workspace, &job.model).hash(&mut hasher);
        format!("{:?}", job.schedule).hash(&mut hasher);
    }
    hasher.finish()
}
