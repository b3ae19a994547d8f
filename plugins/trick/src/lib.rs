//! Training tricks.
