//! Tests of the real binary in a sealed environment. One module per command.
