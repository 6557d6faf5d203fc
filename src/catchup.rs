//! Catch-up: what a restarted gateway does with the jobs that it missed, by version.
