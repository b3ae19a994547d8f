//! Figures, and their forms on paper.
//!
//! ```text
//! store rows -> figure (pure) -> export (SVG, PNG, PDF, CSV, Parquet)
//!                             -> the dashboard, a crate of its own
//! dashboards/*.toml -> layout
//! ```

pub mod evaluations;
pub mod export;
pub mod figure;
pub mod filter;
pub mod layout;
pub mod names;
pub mod palette;
pub mod ranked;
pub mod sheet;
pub mod table;
pub mod text;

pub use evaluations::evaluations_table;
pub use export::{ExportOptions, Size, export};
pub use layout::{Layout, check};
pub use palette::{PAPER, SCREEN};
pub use table::{diff_table, metrics_table, runs_table};
