//! `--chart`: the files as a browser sees them.
