//! Figures, the terminal dashboard and exported charts.
pub mod figure;
