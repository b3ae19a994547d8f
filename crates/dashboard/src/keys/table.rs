//! The table of bindings. A new one is a line here and an arm where [`Action`]s are executed.

use super::{
    Action, ChartAction, TableAction,
    arguments::{self, Argument},
};
use clip_lab_chart::layout::Kind;

/// What a binding does.
pub enum Handler {
    /// Runs an action.
    Action(Action),
    /// Needs an argument: its key opens the command line.
    Argument(Argument),
    /// Runs an action; on the command line it also takes an argument.
    Either(Action, Argument),
}

/// A command with its keys.
pub struct Binding {
    /// Its name on the command line and in `keys.toml`.
    pub name: &'static str,
    /// Its default keys; empty for commands without a key.
    pub keys: &'static [&'static str],
    /// What it does.
    pub handler: Handler,
    /// The kinds of panels in which it is active; empty for all. Bindings of different panels may share a key.
    pub on: &'static [Kind],
    /// Its label in the footer; empty for none. Neighbours with the same label are merged.
    pub label: &'static str,
    /// Its text in the help.
    pub help: &'static str,
}

impl Binding {
    /// The argument of its command, if it takes one.
    pub fn argument(&self) -> Option<&Argument> {
        match &self.handler {
            Handler::Action(_) => None,
            Handler::Argument(argument) | Handler::Either(_, argument) => Some(argument),
        }
    }
}

type Keys = &'static [&'static str];

type Text = &'static str;

/// Runs an action, in every panel.
const fn action(name: Text, keys: Keys, action: Action, label: Text, help: Text) -> Binding {
    action_on(&[], name, keys, action, label, help)
}

/// Runs an action while a panel of these kinds has the focus.
const fn action_on(
    on: &'static [Kind],
    name: Text,
    keys: Keys,
    action: Action,
    label: Text,
    help: Text,
) -> Binding {
    Binding { name, keys, handler: Handler::Action(action), on, label, help }
}

/// Runs an action, and takes an argument on the command line.
const fn either(
    name: Text,
    keys: Keys,
    action: Action,
    argument: Argument,
    label: Text,
    help: Text,
) -> Binding {
    either_on(&[], name, keys, action, argument, label, help)
}

/// As [`either`], while a panel of these kinds has the focus.
const fn either_on(
    on: &'static [Kind],
    name: Text,
    keys: Keys,
    action: Action,
    argument: Argument,
    label: Text,
    help: Text,
) -> Binding {
    Binding { name, keys, handler: Handler::Either(action, argument), on, label, help }
}

/// Needs an argument: its key opens the command line.
const fn argument(name: Text, keys: Keys, argument: Argument, label: Text, help: Text) -> Binding {
    Binding { name, keys, handler: Handler::Argument(argument), on: &[], label, help }
}

/// Panels that show an evaluation.
const EVALUATION: &[Kind] = &[Kind::Similarity, Kind::Images];
const IMAGES: &[Kind] = &[Kind::Images];

/// Runs an action on the charts.
const fn chart(name: Text, keys: Keys, act: ChartAction, label: Text, help: Text) -> Binding {
    action(name, keys, Action::Chart(act), label, help)
}

/// A page of a list, in lines.
const PAGE: usize = 10;

/// All bindings. The footer shows as many as fit, in this order.
pub static BINDINGS: &[Binding] = &[
    action("quit", &["q"], Action::Leave, "leave", "close what is open, then leave; runs continue"),
    action(
        "help",
        &["?", "h"],
        Action::Help,
        "help",
        "this help: type to search, Enter runs the marked line",
    ),
    action("command", &[":"], Action::Command(String::new()), "command", "type a command; Tab completes it"),
    either(
        "view",
        &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Action::View(0),
        arguments::VIEW,
        "view",
        "show a view",
    ),
    action("panel", &["Tab"], Action::Next, "panel", "focus the next panel, across pages"),
    action("panel-before", &["Shift-Tab"], Action::Previous, "", "focus the previous panel"),
    action("up", &["Up", "k"], Action::Up(1), "move", "select the run above, or scroll up"),
    action("down", &["Down", "j"], Action::Down(1), "move", "select the run below, or scroll down"),
    action_on(
        &[Kind::Diff],
        "all-settings",
        &["D"],
        Action::AllSettings,
        "all",
        "all settings in the config diff, or only those that differ",
    ),
    either_on(
        &[Kind::Events],
        "severity",
        &["v"],
        Action::Severity,
        arguments::SEVERITY,
        "severity",
        "minimum severity of events: info, warning, error",
    ),
    action_on(
        &[Kind::Similarity],
        "matrix",
        &["m"],
        Action::Matrix,
        "mode",
        "matrix mode: cosine, softmax at the logit scale, difference to the pinned run",
    ),
    action_on(EVALUATION, "earlier", &["["], Action::Scrub { earlier: true }, "step", "previous evaluation"),
    action_on(EVALUATION, "later", &["]"], Action::Scrub { earlier: false }, "step", "next evaluation"),
    action_on(IMAGES, "worst", &["w"], Action::Worst, "worst", "queries worst first, or in data order"),
    action_on(IMAGES, "query", &[">"], Action::Query { further: true }, "query", "next query"),
    action_on(IMAGES, "query-before", &["<"], Action::Query { further: false }, "query", "previous query"),
    action("hide", &["Space"], Action::Hide, "hide", "show or hide the selected run on the charts"),
    action(
        "all",
        &["a"],
        Action::Table(TableAction::DrawAll),
        "",
        "draw all runs on the charts, or one per colour",
    ),
    action("none", &["A"], Action::Table(TableAction::HideAll), "", "hide all runs from the charts"),
    either(
        "filter",
        &["/"],
        Action::Table(TableAction::Filter),
        arguments::FILTER,
        "filter",
        "filter runs: words, study:x, lr<1e-4, hit@1>0.2, status:live, tag:x, has:note, OR, NOT, ( ); Esc clears",
    ),
    either(
        "sort",
        &["."],
        Action::Table(TableAction::Next),
        arguments::SORT,
        "sort",
        "sort runs by the next column; after the last one, newest first",
    ),
    action(
        "sort-before",
        &[","],
        Action::Table(TableAction::Previous),
        "sort",
        "sort runs by the previous column",
    ),
    action("sort-turn", &["-"], Action::Table(TableAction::Reverse), "", "reverse the order of the runs"),
    action(
        "expand",
        &["Enter", "e"],
        Action::Expand,
        "expand",
        "expand the focused panel to the whole screen, or restore it",
    ),
    action("close", &["Esc"], Action::Close, "", "close what is open; never leaves the dashboard"),
    either(
        "chart",
        &["+"],
        Action::Metrics,
        arguments::METRIC,
        "chart",
        "add a chart of any metric, from a searchable list",
    ),
    argument(
        "layout",
        &[],
        arguments::LAYOUT,
        "",
        "save this layout with its added charts to a file beside the store",
    ),
    either(
        "x",
        &["x"],
        Action::X,
        arguments::AXIS,
        "axis",
        "next horizontal axis: step, epoch, samples, wall, active",
    ),
    action("log", &["l"], Action::Log, "log", "next form of the vertical axis: linear, log, symlog"),
    either(
        "smooth",
        &["s"],
        Action::Smooth,
        arguments::STEPS,
        "smooth",
        "next smoothing half-life: off, 10, 30, 100, 300, 1000 steps",
    ),
    chart(
        "cursor",
        &["c"],
        ChartAction::Cursor,
        "cursor",
        "cursor on all charts: reads the values at a step; Left and Right move it",
    ),
    chart("zoom", &["z"], ChartAction::ZoomIn, "zoom", "zoom in around the cursor"),
    chart("zoom-out", &["Z"], ChartAction::ZoomOut, "", "zoom out"),
    chart(
        "left",
        &["Left"],
        ChartAction::Left,
        "",
        "move the cursor left, or pan left if there is no cursor",
    ),
    chart(
        "right",
        &["Right"],
        ChartAction::Right,
        "",
        "move the cursor right, or pan right if there is no cursor",
    ),
    chart(
        "taller",
        &["Alt-z"],
        ChartAction::ZoomInY,
        "",
        "zoom in on the vertical axis of the focused chart",
    ),
    chart(
        "flatter",
        &["Alt-Z"],
        ChartAction::ZoomOutY,
        "",
        "zoom out on the vertical axis of the focused chart",
    ),
    chart("higher", &["Alt-Up"], ChartAction::PanUp, "", "pan a zoomed vertical axis up"),
    chart("lower", &["Alt-Down"], ChartAction::PanDown, "", "pan a zoomed vertical axis down"),
    chart(
        "group",
        &["g"],
        ChartAction::Group,
        "group",
        "group runs by arm with the mean over seeds, or show single runs",
    ),
    chart("band", &["b"], ChartAction::Band, "band", "next band: 95% interval over seeds, none, min to max"),
    chart("seeds", &["i"], ChartAction::Seeds, "", "individual runs of groups as thin lines"),
    chart(
        "all-values",
        &["o"],
        ChartAction::AllValues,
        "",
        "vertical axes with all values, or without outliers",
    ),
    action("pin", &["p"], Action::Pin, "pin", "compare the others with the selected run, or stop comparing"),
    action("reset", &["0"], Action::Reset, "", "reset axes, zoom and smoothing to the layout"),
    action("page-up", &["PageUp"], Action::Up(PAGE), "", "ten lines up"),
    action("page-down", &["PageDown"], Action::Down(PAGE), "", "ten lines down"),
    action("top", &["Home"], Action::Up(usize::MAX), "", "to the first line"),
    action("bottom", &["End"], Action::Down(usize::MAX), "", "to the last line"),
    action("stop", &["K"], Action::Stop, "stop", "ask the selected run to stop at its next step"),
    action("checkpoint", &["C"], Action::Checkpoint, "", "ask the selected run for a checkpoint"),
    argument("tag", &["t"], arguments::TAG, "tag", "tag the selected run"),
    argument("untag", &[], arguments::UNTAG, "", "remove a tag from the selected run"),
    argument("note", &["n"], arguments::NOTE, "note", "write a note on the selected run"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_has_a_unique_name_and_a_help_text() {
        for (i, binding) in BINDINGS.iter().enumerate() {
            assert!(!binding.help.is_empty(), "{}", binding.name);
            assert!(BINDINGS[..i].iter().all(|other| other.name != binding.name), "{}", binding.name);
        }
    }
}
