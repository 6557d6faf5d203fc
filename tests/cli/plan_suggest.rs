//! `plan --suggest`: changes that realise the plan.
