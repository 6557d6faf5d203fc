//! The streams: stdout is the answer, stderr is the talk.
