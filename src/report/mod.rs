//! Output: one result, four formats.
