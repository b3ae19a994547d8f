//! Tests of the dashboard and of the interactive search.

mod control;
mod drawn;
mod hostile;
mod isolation;
mod panels;
mod screens;
mod search;
mod zoom;
