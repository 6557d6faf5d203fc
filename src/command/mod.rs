//! The commands, one file each: gather, compute, report.
