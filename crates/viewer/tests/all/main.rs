//! Tests of the commands that need no tensors.

mod common;
mod compare;
mod hostile;
mod imports;
mod report;
mod report_in_browser;
