//! Audit: which of the slots that a schedule names were run.
