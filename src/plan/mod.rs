//! Plans: which jobs fire together, where jitter puts them, and what runs at once.
