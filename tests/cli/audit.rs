//! Every slot against the run history: recorded states, reasons, exit codes of `audit`.
