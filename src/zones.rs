//! Time zone data: the host's zone files, else the ones built in.
//!
//! The edge behind [`crate::schedule::ZoneSource`].
