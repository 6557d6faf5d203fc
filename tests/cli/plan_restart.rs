//! `plan --restart-at`: catch-up by version.
