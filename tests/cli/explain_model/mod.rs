//! `explain-model`: which model a job really uses, by version, and why.

// Names, conditions, comparisons, formats, sources.
mod asking;
// Odd values, odd files, hostile texts.
mod damage;
// Intended, effective, recorded and run.
mod drift;
// Every case that was run on a real gateway.
mod matrix;
// States that real gateways left.
mod recorded;
// The scenarios P1 to P7.
mod scenarios;
// Which version it is.
mod versions;
// State directories, built for a test.
mod world;
