//! OpenClaw state directories, read offline: where things are, configuration, cron store, run history.
