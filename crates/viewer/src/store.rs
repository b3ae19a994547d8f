//! Opening a store for changes.

use std::path::Path;

use clip_lab_cli::print_wait;
use clip_lab_store::{Store, StoreError};

/// Opens the store for changes, after [`migrate`].
///
/// # Errors
/// If it cannot be opened.
pub fn open(path: &Path) -> Result<Store, StoreError> {
    migrate(path)?;
    Store::open(path)
}

/// Migrates the store if it exists. Prints what takes longer than a second.
///
/// # Errors
/// If it cannot be opened.
pub fn migrate(path: &Path) -> Result<(), StoreError> {
    clip_lab_store::migrate(path, &|wait| print_wait(wait, wait.outcome.is_some()))
}
