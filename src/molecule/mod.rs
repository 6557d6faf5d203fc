//! The Molecule platform over HTTP: the one place that knows its routes, tokens and limits.
//!
//! Reads are retried, bounded in size and time, and keep within the platform's request budget.
//! Requests that act are sent once; the caller decides about another.

mod adapters;
mod address;
mod args;
mod client;
mod events;
mod failure;
mod fault;
mod gather;
mod intake;
mod read;
mod token;
mod transport;

#[cfg(test)]
mod tests;

pub use adapters::adapters;
pub use args::{MoleculeArgs, Settings};
pub use client::{Platform, Report};
pub use events::{Events, Happening};
pub use gather::{Depth, ceilings, gather, sightings};
pub use token::Token;
pub use transport::Admission;
