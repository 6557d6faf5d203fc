//! Models: which model a run of a job really uses, by OpenClaw version, and why.
//!
//! Pure: a job, what the configuration says about models, the session row that the run would
//! inherit and the rules of an era go in; every step, the answer and how sure it is come out.

mod advice;
mod agent;
mod alias;
mod allow;
mod answer;
mod anthropic;
mod default;
mod drift;
mod ended;
mod era;
mod facts;
mod fallback;
mod hold;
mod load;
mod lookup;
mod main_session;
mod names;
mod notes;
mod record;
mod reference;
mod refuse;
mod releases;
mod resolution;
mod resolver;
mod rules;
mod select;
mod settings;
mod steps;
mod target;
mod walk;
mod weigh;

pub use advice::{Advice, Advising, advice, nearest_model, quoted};
pub use agent::agent_id;
pub use answer::{Alternative, Answer, Asking, Sureness, answers};
pub use anthropic::Claude;
pub use drift::{Drift, DriftVerdict, LastRun, RowState, drift};
pub use era::{Era, Otherwise, Release, Ruling, rules_of};
pub use hold::{Holding, Known as KnownVersion, Possible, RuledOut, hold, possible};
pub use names::{Change, IdRule, Keys, Names, Profiles, Table};
pub use record::{RunRecord, SessionRow};
pub use reference::ModelRef;
pub use refuse::refused_config;
pub use releases::ERAS;
pub use resolution::{
    AgentUse, Candidate, ChainOrigin, Failure, FailureClass, Fate, Mechanism, Outcome, Resolution,
    Source, Step, StepName, StepOutcome, Verdict,
};
pub use resolver::{Agents, Allowlist, NoRows, Policy, Resolver, Rows, session_key};
pub use rules::{
    Aliases, Allow, Bare, Chain, Disallowed, Drops, First, FirstProvider, Foreign, Gmail,
    HiddenAllowlist, Inherit, Live, Load, Named, OwnFallbacks, OwnModels, Payloads, Primary,
    Rejection, Rosters, Rules, Subagents,
};
pub use select::Known;
pub use settings::{
    AgentModels, Anthropic, At, CatalogEntry, Form, Login, ModelSettings, ModelSpec, Odd, Provider,
    Roster, Said,
};
pub use weigh::{Fit, Score, fit, ruled_out};
