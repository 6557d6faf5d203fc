//! Turns: which runs of an agent are in flight, how old they are, and whether that is too old.
//!
//! A turn is one run of an agent inside a workspace. The platform's HTTP POST is not the turn: it
//! times out earlier and the turn goes on. So an age rests on [`Evidence`], and each turn says on
//! which. Pure: [`judge()`] is a function of a platform [`Snapshot`], earlier [`Spell`]s, what is known
//! of adapters, and the instant.

mod adapter;
mod judge;
mod openclaw;
mod platform;
mod row;
mod snapshot;
mod spell;

pub use adapter::{Adapter, Adapters, CEILING_MS};
pub use judge::ceiling::{may_be_default, unread_defaults};
pub use judge::{Judged, Policy, judge, judge_busy};
pub use openclaw::{
    CleanAbort, OpenClawRuns, Receipt, STUCK_MS, TaskRun, clean_abort, openclaw_turns,
};
pub use platform::{
    Activity, CeilingSetting, CronRun, ListedTurn, Parsed, PlatformEvent, Schedule, Workspace,
    parse_activity, parse_config, parse_event, parse_schedules, parse_turns, parse_workspaces,
};
pub(crate) use platform::{Envelope, Reading, Row, Wanted};
pub use row::{Blocks, Bound, Evidence, EvidenceKind, Liveness, Turn, Verdict};
pub use snapshot::{Snapshot, TurnsRoute};
pub use spell::{BRIDGE_MS, Sighting, Spell, Witness, fold, fold_all};
