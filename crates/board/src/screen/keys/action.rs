//! Everything that a key, a command or the mouse can ask for.

use clip_lab_store::{Axis, Level};

use crate::screen::{lens, table::act::Act};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Close what is open.
    Close,
    /// Close what is open, or leave.
    Leave,
    /// The list of metrics.
    Metrics,
    /// A chart of this metric.
    Chart(String),
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
    /// Focus the panel before.
    Before,
    /// Select the run above, or scroll the focused list, by so many lines; up to the top with [`usize::MAX`].
    Up(usize),
    /// As [`Action::Up`], downwards.
    Down(usize),
    /// Show or hide the selected run on the charts.
    Hide,
    /// Make the selected run the one that others are compared with, or no longer.
    Pin,
    /// Something with the table of runs.
    Table(Act),
    /// Give the focused panel the whole screen, or take it back.
    Expand,
    /// The next way to show a similarity matrix.
    Matrix,
    /// The queries answered worst first, or in their order.
    Worst,
    /// Another evaluation.
    Scrub {
        /// The one before, else the one after.
        earlier: bool,
    },
    /// Another query.
    Query {
        /// The one after, else the one before.
        further: bool,
    },
    /// The next horizontal axis.
    X,
    /// This horizontal axis.
    SetX(Axis),
    /// The next form of the vertical axis.
    Log,
    /// A closer look at the charts.
    Look(lens::Act),
    /// The next half-life of the smoothing.
    Smooth,
    /// This half-life, in steps.
    SetSmooth(f64),
    /// Back to what the layout says.
    Reset,
    /// Show all settings in the config diff, or only those that differ.
    AllSettings,
    /// The next least severity of the events shown.
    Severity,
    /// This least severity.
    SetSeverity(Level),
    /// Ask the selected run to stop, once that is confirmed.
    Stop,
    /// Ask the selected run for a checkpoint.
    Checkpoint,
    /// Tag the selected run.
    Tag(String),
    /// Take a tag off the selected run.
    Untag(String),
    /// Write a note on the selected run.
    Note(String),
    /// The wheel was turned over a panel, towards the user or away, at this column and row of the screen.
    Wheel {
        /// The panel, counted through the view.
        panel: usize,
        /// Column and row.
        at: (u16, u16),
        /// Away from the user.
        up: bool,
    },
}
