//! Figures, the terminal dashboard and exported charts.
