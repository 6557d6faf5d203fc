//! The texts of the rules, by subject.

pub(crate) mod burst;
pub(crate) mod config;
pub(crate) mod job;
pub(crate) mod model;
pub(crate) mod schedule;
pub(crate) mod state;
