//! Models: which model a run of a job really uses, by OpenClaw version, and why.
//!
//! Pure: a job, what the configuration says about models, the session row that the run would
//! inherit and the rules of an era go in; every step, the answer and how sure it is come out.

mod record;
mod reference;
mod settings;

pub use record::{RunRecord, SessionRow};
pub use reference::ModelRef;
pub use settings::{
    AgentModels, At, CatalogEntry, Form, ModelSettings, ModelSpec, Odd, Provider, Roster, Said,
};
