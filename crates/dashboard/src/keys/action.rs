//! Everything that a key, a command or the mouse can do.

use clip_lab_store::{Axis, Level};

/// An action.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Close what is open.
    Close,
    /// Close what is open, or leave.
    Leave,
    /// Open the metric list.
    Metrics,
    /// Add a chart of this metric.
    AddChart(String),
    /// Write the layout to a file of this name beside the store.
    SaveLayout(String),
    /// Show or close the help.
    Help,
    /// Open the command line with this text on it.
    Command(String),
    /// Show the view with this number, from zero.
    View(usize),
    /// Focus the next panel.
    Next,
    /// Focus the previous panel.
    Previous,
    /// Select a run further up, or scroll the focused list up, by this many lines; [`usize::MAX`] goes to the top.
    Up(usize),
    /// As [`Action::Up`], in the other direction.
    Down(usize),
    /// Show or hide the selected run on the charts.
    Hide,
    /// Pin the selected run as the baseline, or unpin it.
    Pin,
    /// An action on the runs table.
    Table(TableAction),
    /// Expand the focused panel to the whole screen, or restore it.
    Expand,
    /// Use the next mode of the similarity matrix.
    Matrix,
    /// Order queries worst first, or as in the data.
    Worst,
    /// Show another evaluation.
    Scrub {
        /// The previous one, else the next one.
        earlier: bool,
    },
    /// Show another query.
    Query {
        /// The next one, else the previous one.
        further: bool,
    },
    /// Use the next horizontal axis.
    X,
    /// Use this horizontal axis.
    SetX(Axis),
    /// Use the next form of the vertical axis.
    Log,
    /// An action on the charts.
    Chart(ChartAction),
    /// Use the next smoothing half-life.
    Smooth,
    /// Use this smoothing half-life, in steps.
    SetSmooth(f64),
    /// Reset axes, zoom and smoothing to the layout.
    Reset,
    /// Show all settings in the config diff, or only those that differ.
    AllSettings,
    /// Use the next minimum severity of events.
    Severity,
    /// Use this minimum severity of events.
    SetSeverity(Level),
    /// Ask the selected run to stop, after confirmation.
    Stop,
    /// Ask the selected run for a checkpoint.
    Checkpoint,
    /// Tag the selected run.
    Tag(String),
    /// Remove a tag from the selected run.
    Untag(String),
    /// Add a note to the selected run.
    Note(String),
    /// Scroll a panel with the mouse wheel.
    Wheel {
        /// The panel, by index in the view.
        panel: usize,
        /// Column and row of the screen.
        at: (u16, u16),
        /// Whether it turns up, else down.
        up: bool,
    },
}

/// An action on the runs table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableAction {
    /// Open the filter line.
    Filter,
    /// Sort by the next column.
    Next,
    /// Sort by the previous column.
    Previous,
    /// Reverse the order.
    Reverse,
    /// Sort by the column of this name.
    SortBy(String),
    /// Set the filter.
    SetFilter(String),
    /// Draw all runs on the charts, or one per palette colour.
    DrawAll,
    /// Hide all runs.
    HideAll,
}

/// An action on the charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartAction {
    /// Zoom in on the horizontal axis.
    ZoomIn,
    /// Zoom out of it.
    ZoomOut,
    /// Zoom in on the vertical axis of the focused chart.
    ZoomInY,
    /// Zoom out of it.
    ZoomOutY,
    /// Move the cursor, or pan, to the left.
    Left,
    /// Move the cursor, or pan, to the right.
    Right,
    /// Pan a zoomed vertical axis up.
    PanUp,
    /// Pan a zoomed vertical axis down.
    PanDown,
    /// Show or hide the cursor.
    Cursor,
    /// Use the next kind of band.
    Band,
    /// Include outliers on the vertical axes, or exclude them.
    AllValues,
    /// Show or hide the individual runs of groups.
    Seeds,
    /// Group runs by arm, or show single runs.
    Group,
}
