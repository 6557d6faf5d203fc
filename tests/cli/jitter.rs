//! The delay of a job, printed or waited out: same process, exit code and signals.
