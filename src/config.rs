//! `cronctl.toml`: contexts and defaults, each value with its origin.
