//! The commands, one file each: gather, compute, report.

pub mod next;
