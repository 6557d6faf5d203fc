//! `plan --watch`: the next bursts, counting down.
