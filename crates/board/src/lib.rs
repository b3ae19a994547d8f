//! Figures, the terminal dashboard and exported charts.
//!
//! ```text
//! store rows -> figure (pure) -> screen (ratatui)
//!                             -> export (SVG, PNG, CSV)
//! dashboards/*.toml -> layout
//! ```

mod evaluations;
pub mod export;
pub mod figure;
pub mod filter;
pub mod layout;
pub mod names;
mod palette;
pub mod ranked;
pub mod screen;
pub mod search;
pub mod sheet;
pub mod table;
pub mod text;

pub use evaluations::evaluations_table;
pub use export::{ExportOptions, Size, export};
pub use layout::{Layout, check};
pub use palette::{PAPER, SCREEN};
pub use screen::{Options, Outcome, show};
pub use table::{diff_table, metrics_table, runs_table};
