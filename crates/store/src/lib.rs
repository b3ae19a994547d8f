//! The experiment store: SQLite schema, recorder and queries.
