//! Rehearsal: a seeded simulation of what a failing provider makes of a plan.
