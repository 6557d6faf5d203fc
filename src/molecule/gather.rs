//! One look at a platform: as few requests as the question needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream::{self, StreamExt};
use rustc_hash::FxHashSet;

use super::client::Platform;
use crate::error::{Error, Exit, Problem};
use crate::turn::{
    Activity, Adapters, CeilingSetting, ListedTurn, Parsed, Policy, Sighting, Snapshot, TurnsRoute,
    Verdict, Witness, Workspace, judge_busy,
};

/// So many rows of activity are asked for: as many as the platform gives.
const ACTIVITY: u32 = 500;

/// After so many workspaces in a row that the platform did not answer for, the rest is not asked.
const GIVE_UP: u32 = 8;

/// How much to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The whole fleet: the workspaces, the turns, and at most one request per busy workspace:
    /// activity first; what is left of that budget goes to the ceilings of those that look over.
    Fleet,
    /// What the ages of the whole fleet need: as [`Depth::Fleet`] where the platform does not list turns,
    /// else the two lists alone.
    Ages,
    /// These workspaces (ids) in full: activity, ceiling, schedules.
    Named(Vec<String>),
    /// The two lists alone, and of them only the rows of these workspaces (ids): for reading back.
    Glance(Arc<FxHashSet<String>>),
}

/// Looks at a platform. What could not be got for one workspace is a problem; the rest is kept.
///
/// # Errors
/// When the list of workspaces cannot be got, and no list of turns either.
pub async fn gather(
    platform: &Platform,
    source: &str,
    depth: &Depth,
    adapters: &Adapters,
    concurrency: usize,
    now_ms: i64,
    now_is_real: bool,
) -> Result<(Snapshot, Vec<Problem>), Error> {
    let mut look = Look {
        platform,
        concurrency: concurrency.max(1),
        snapshot: Snapshot {
            source: source.to_owned(),
            taken_at_ms: now_ms,
            ..Snapshot::default()
        },
        problems: Vec::new(),
    };
    look.lists(depth).await?;
    if now_is_real {
        look.snapshot.clock_offset_ms = platform.clock_offset_ms();
    }
    match depth {
        Depth::Glance(_) => {}
        Depth::Named(ids) => look.in_full(ids).await,
        Depth::Ages if matches!(look.snapshot.turns, TurnsRoute::Listed(_)) => {}
        Depth::Fleet | Depth::Ages => look.fleet(adapters).await,
    }
    Ok((look.snapshot, look.problems))
}

/// A look in progress.
#[derive(Debug)]
struct Look<'a> {
    platform: &'a Platform,
    concurrency: usize,
    snapshot: Snapshot,
    problems: Vec<Problem>,
}

impl Look<'_> {
    /// Gets the two lists.
    async fn lists(&mut self, depth: &Depth) -> Result<(), Error> {
        let wanted = match depth {
            Depth::Glance(ids) => Some(Arc::clone(ids)),
            Depth::Fleet | Depth::Ages | Depth::Named(_) => None,
        };
        let (workspaces, turns) = tokio::join!(
            self.platform.list_workspaces(wanted.clone()),
            self.platform.list_turns(wanted)
        );
        match turns {
            Ok((parsed, cut)) => {
                self.snapshot.turns = self.left_out("GET /admin/turns", parsed);
                self.snapshot.turns_cut = cut;
            }
            Err(error) => {
                self.snapshot.turns = TurnsRoute::Missing(error.in_one_line());
                if workspaces.is_ok() {
                    self.problems.push(problem("GET /admin/turns", &error));
                }
            }
        }
        match (workspaces, depth) {
            (Ok(parsed), _) => {
                self.snapshot.workspaces = self.left_out("GET /workspaces", parsed);
            }
            (Err(error), _) if matches!(self.snapshot.turns, TurnsRoute::Listed(_)) => {
                self.problems.push(problem("GET /workspaces", &error));
            }
            // A workspace's own token may not list the others.
            (Err(error), Depth::Named(ids)) if error.exit == Exit::Refused => {
                self.one_by_one(ids, error).await?;
            }
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// Asks for each workspace where the list is refused.
    async fn one_by_one(&mut self, ids: &[String], refused: Error) -> Result<(), Error> {
        let ids = self.named(ids.iter().map(String::as_str));
        let platform = self.platform;
        let fetch = |id: String| async move { platform.workspace(&id).await };
        let (got, problems) = each("GET /workspaces/:id", &ids, self.concurrency, fetch).await;
        if got.is_empty() {
            return Err(refused);
        }
        self.problems.push(problem("GET /workspaces", &refused));
        self.problems.extend(problems);
        self.snapshot.workspaces = got.into_values().collect();
        Ok(())
    }

    /// Asks everything about some workspaces.
    async fn in_full(&mut self, ids: &[String]) {
        let workspaces = self.snapshot.workspaces.iter().map(|w| &w.id);
        let there: FxHashSet<&String> = workspaces
            .chain(listed(&self.snapshot).iter().map(|t| &t.workspace_id))
            .collect();
        let there = |id: &&String| there.is_empty() || there.contains(*id);
        let ids: Vec<String> = ids.iter().filter(there).cloned().collect();
        let ids = self.named(ids.iter().map(String::as_str));
        self.activity(&ids).await;
        self.ceilings(&ids).await;
        let platform = self.platform;
        let fetch = |id: String| async move { platform.list_schedules(&id).await };
        let route = "GET /workspaces/:id/schedules";
        let (got, problems) = each(route, &ids, self.concurrency, fetch).await;
        self.problems.extend(problems);
        for (id, parsed) in got {
            let rows = self.left_out_of(route, &id, parsed);
            self.snapshot.schedules.insert(id, rows);
        }
    }

    /// Asks where it helps most: one request per busy workspace at most.
    async fn fleet(&mut self, adapters: &Adapters) {
        let busy = self.busy();
        if let TurnsRoute::Listed(_) = self.snapshot.turns {
            let over = self.over(adapters, busy.len());
            let over = self.named(over.iter().map(String::as_str));
            self.activity(&over).await;
            return;
        }
        // Where the platform owns the turn, its age is none of our business.
        let not_native = |workspace: &&Workspace| {
            let adapter = adapters.get(workspace.runtime.as_deref());
            matches!(
                adapter.and_then(|a| a.native_session.as_ref()),
                Some((false, _))
            )
        };
        let workspaces = self.snapshot.workspaces.iter();
        let asked: BTreeSet<_> = workspaces
            .filter(|w| busy.contains(&w.id) && !not_native(w))
            .map(|w| w.id.clone())
            .collect();
        let left = busy.len() - asked.len();
        let asked = self.named(asked.iter().map(String::as_str));
        self.activity(&asked).await;
        let over = self.over(adapters, left);
        let over = self.named(over.iter().map(String::as_str));
        self.ceilings(&over).await;
    }

    /// The workspaces with something in flight.
    fn busy(&self) -> BTreeSet<String> {
        let reported = self.snapshot.workspaces.iter().filter(|w| is_busy(w));
        let reported = reported.map(|w| w.id.clone());
        let listed = listed(&self.snapshot)
            .iter()
            .map(|t| t.workspace_id.clone());
        reported.chain(listed).collect()
    }

    /// The workspaces that look over their ceiling by what is known so far, oldest turn first.
    fn over(&self, adapters: &Adapters, limit: usize) -> Vec<String> {
        if limit == 0 {
            return Vec::new();
        }
        let judged = judge_busy(
            &self.snapshot,
            &BTreeMap::new(),
            adapters,
            &Policy::default(),
        );
        let mut seen = BTreeSet::new();
        let over = judged.turns.into_iter();
        over.filter(|turn| turn.verdict == Verdict::Over)
            .map(|turn| turn.workspace_id)
            .filter(|id| seen.insert(id.clone()))
            .take(limit)
            .collect()
    }

    async fn activity(&mut self, ids: &[Named]) {
        let route = "GET /workspaces/:id/activity";
        let platform = self.platform;
        let fetch = |id: String| async move { platform.list_activity(&id, ACTIVITY).await };
        let (got, problems) = each(route, ids, self.concurrency, fetch).await;
        self.problems.extend(problems);
        for (id, parsed) in got {
            let rows: Vec<Activity> = self.left_out_of(route, &id, parsed);
            self.snapshot.activity.insert(id, rows);
        }
    }

    async fn ceilings(&mut self, ids: &[Named]) {
        let (got, problems) = configured(self.platform, ids, self.concurrency).await;
        self.problems.extend(problems);
        self.snapshot.ceilings.extend(got);
    }

    /// Finds the names to ids, for problems.
    fn named<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Vec<Named> {
        let names: BTreeMap<_, _> = self
            .snapshot
            .workspaces
            .iter()
            .map(|w| (w.id.as_str(), w.name.as_deref()))
            .collect();
        let with_name = |id: &str| Named {
            id: id.to_owned(),
            name: names.get(id).copied().flatten().map(str::to_owned),
        };
        ids.map(with_name).collect()
    }

    /// Takes the value, and names the rows that are not in it.
    fn left_out<T>(&mut self, route: &str, parsed: Parsed<T>) -> T {
        let rows = parsed.unusable.into_iter();
        let rows = rows.map(|row| Problem::new(route, format!("a row was left out: {row}")));
        self.problems.extend(rows);
        if parsed.unnamed > 0 {
            let what = format!("and {} more rows were left out", parsed.unnamed);
            self.problems.push(Problem::new(route, what));
        }
        parsed.value
    }

    fn left_out_of<T>(&mut self, route: &str, id: &str, parsed: Parsed<T>) -> T {
        if parsed.unusable.is_empty() {
            return parsed.value;
        }
        let whose = self.named(std::iter::once(id)).pop();
        let at = whose.map_or_else(|| route.to_owned(), |whose| whose.at(route));
        self.left_out(&at, parsed)
    }
}

/// A workspace to ask about.
#[derive(Debug)]
struct Named {
    id: String,
    name: Option<String>,
}

impl Named {
    fn at(&self, route: &str) -> String {
        match &self.name {
            Some(name) => format!("workspace {name:?} ({}): {route}", self.id),
            None => format!("workspace {}: {route}", self.id),
        }
    }
}

/// Asks the same of several workspaces, so many at once. A refusal holds for all: then, and after
/// several in a row without an answer, the rest is not asked.
async fn each<T, F>(
    route: &str,
    workspaces: &[Named],
    concurrency: usize,
    fetch: impl Fn(String) -> F,
) -> (BTreeMap<String, T>, Vec<Problem>)
where
    F: Future<Output = Result<T, Error>>,
{
    let stop = AtomicBool::new(false);
    let ask = |(index, workspace)| {
        let workspace: &Named = workspace;
        let (stop, fetch) = (&stop, &fetch);
        async move {
            if stop.load(Ordering::Relaxed) {
                return (index, None);
            }
            (index, Some(fetch(workspace.id.clone()).await))
        }
    };
    let asked = stream::iter(workspaces.iter().enumerate().map(ask));
    let mut answers = std::pin::pin!(asked.buffer_unordered(concurrency));
    let (mut got, mut failed) = (BTreeMap::new(), Vec::new());
    let (mut in_a_row, mut not_asked, mut why) = (0, 0_usize, String::new());
    while let Some((index, answer)) = answers.next().await {
        match answer {
            None => not_asked += 1,
            Some(Ok(value)) => {
                in_a_row = 0;
                got.insert(workspaces[index].id.clone(), value);
            }
            Some(Err(error)) => {
                in_a_row = if error.exit == Exit::Unavailable {
                    in_a_row + 1
                } else {
                    0
                };
                if error.exit == Exit::Refused || in_a_row >= GIVE_UP {
                    why.clone_from(&error.message);
                    stop.store(true, Ordering::Relaxed);
                }
                failed.push((index, problem(&workspaces[index].at(route), &error)));
            }
        }
    }
    failed.sort_by_key(|(index, _)| *index);
    let mut problems: Vec<_> = failed.into_iter().map(|(_, problem)| problem).collect();
    if not_asked > 0 {
        let what = format!("{not_asked} more workspaces were not asked, after {why}");
        problems.push(Problem::new(route, what));
    }
    (got, problems)
}

/// Reads the configured ceilings of some workspaces. What could not be read is a problem.
pub async fn ceilings(
    platform: &Platform,
    ids: &[String],
    concurrency: usize,
) -> (BTreeMap<String, CeilingSetting>, Vec<Problem>) {
    let nameless = |id: &String| Named {
        id: id.clone(),
        name: None,
    };
    let ids: Vec<_> = ids.iter().map(nameless).collect();
    configured(platform, &ids, concurrency.max(1)).await
}

async fn configured(
    platform: &Platform,
    ids: &[Named],
    concurrency: usize,
) -> (BTreeMap<String, CeilingSetting>, Vec<Problem>) {
    let fetch = |id: String| async move { platform.ceiling(&id).await };
    each("GET /workspaces/:id/config", ids, concurrency, fetch).await
}

fn problem(at: &str, error: &Error) -> Problem {
    let problem = Problem::new(at, error.in_one_line());
    match error.hints.first() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

fn is_busy(workspace: &Workspace) -> bool {
    workspace.active_tasks.is_some_and(|n| n > 0)
}

fn listed(snapshot: &Snapshot) -> &[ListedTurn] {
    match &snapshot.turns {
        TurnsRoute::Listed(turns) => turns,
        _ => &[],
    }
}

/// What a snapshot saw, for the ledger: the busy workspaces, and those idle that have a spell. One
/// sighting per workspace: of several turns that the platform lists, the oldest.
pub fn sightings(snapshot: &Snapshot, known: &dyn Fn(&str) -> bool) -> Vec<Sighting> {
    let at_ms = snapshot.taken_at_ms;
    let mut seen: BTreeMap<&str, Sighting> = BTreeMap::new();
    let offset = snapshot.clock_offset_ms.unwrap_or(0);
    for turn in listed(snapshot) {
        let started_ms = snapshot.listed_start_ms(turn);
        let sighting = Sighting {
            workspace_id: turn.workspace_id.clone(),
            at_ms,
            busy: true,
            by: Witness::TurnsRoute,
            turn_id: turn.turn_id.clone(),
            current_task: turn.current_task.clone(),
            started_ms: started_ms.map(|ms| ms.saturating_sub(offset)),
            ended_ms: None,
            idle_before_ms: None,
        };
        // Without a start it may be older or not: one that says more is taken.
        let start = |s: &Sighting| s.started_ms.unwrap_or(i64::MAX);
        let known = seen.get(turn.workspace_id.as_str());
        if known.is_none_or(|known| start(&sighting) < start(known)) {
            seen.insert(&turn.workspace_id, sighting);
        }
    }
    for workspace in &snapshot.workspaces {
        let busy = is_busy(workspace);
        // What does not say whether it is busy was not seen.
        let idle = workspace.active_tasks.is_some() && !busy;
        if !(busy || idle && known(&workspace.id)) {
            continue;
        }
        seen.entry(&workspace.id).or_insert_with(|| Sighting {
            workspace_id: workspace.id.clone(),
            at_ms,
            busy,
            by: Witness::Poll,
            turn_id: None,
            current_task: workspace.current_task.clone().filter(|_| busy),
            started_ms: None,
            ended_ms: ended(snapshot, workspace).filter(|_| busy),
            idle_before_ms: None,
        });
    }
    seen.into_values().collect()
}

/// When the last turn of a workspace that has one at a time ended, by our clock, where its activity was read
/// and says so: a message that was answered is logged at its end, with how long it took. (A workspace
/// that fetches its messages logs them when they come, with no such time.)
fn ended(snapshot: &Snapshot, workspace: &Workspace) -> Option<i64> {
    if workspace.max_concurrent_tasks.is_some_and(|n| n > 1) {
        return None;
    }
    let rows = snapshot.activity.get(&workspace.id)?;
    let offset = snapshot.clock_offset_ms.unwrap_or(0);
    rows.iter()
        .filter(|row| row.is_answered_message())
        .filter(|row| row.duration_ms.is_some_and(|took_ms| took_ms > 0))
        .filter_map(|row| Some(row.created_at_ms?.saturating_sub(offset)))
        // What was logged after the lists were read says nothing of what they show.
        .filter(|at_ms| *at_ms <= snapshot.taken_at_ms)
        .max()
}
