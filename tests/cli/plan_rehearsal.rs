//! `plan --what-if`: the incident rehearsed.
