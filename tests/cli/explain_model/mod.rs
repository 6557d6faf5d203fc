//! `explain-model`: which model a job really uses, by version, and why.

mod matrix;
mod world;
