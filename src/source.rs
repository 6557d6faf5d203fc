//! Sources: where jobs come from, resolved the same way for every command.
