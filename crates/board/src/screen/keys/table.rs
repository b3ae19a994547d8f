//! The table of bindings. A new one is a line here, and an arm where [`Action`]s are carried out.

use super::{
    Action,
    words::{self, Words},
};
use crate::{
    layout::Kind,
    screen::{lens, table::act::Act},
};

/// What a binding does.
pub enum Does {
    /// It acts at once.
    Now(Action),
    /// It needs words behind its name: its key opens the command line.
    Words(Words),
    /// It acts at once, and on the command line also with words behind its name.
    Either(Action, Words),
}

/// One line of the table.
pub struct Binding {
    /// Its name on the command line and in `keys.toml`.
    pub name: &'static str,
    /// Its keys where `keys.toml` says nothing; none for what is done on the command line only.
    pub keys: &'static [&'static str],
    /// What it does.
    pub does: Does,
    /// The kinds of panels that must have the focus; none for all. Two bindings of different panels may share a key.
    pub on: &'static [Kind],
    /// In a word, for the footer; empty keeps it out. Neighbours with the same word stand together.
    pub short: &'static str,
    /// In a sentence, for the help.
    pub help: &'static str,
}

type Keys = &'static [&'static str];

type Text = &'static str;

/// Acts at once, whatever has the focus.
const fn now(name: Text, keys: Keys, action: Action, short: Text, help: Text) -> Binding {
    now_on(&[], name, keys, action, short, help)
}

/// Acts at once while a panel of these kinds has the focus.
const fn now_on(
    on: &'static [Kind],
    name: Text,
    keys: Keys,
    action: Action,
    short: Text,
    help: Text,
) -> Binding {
    Binding { name, keys, does: Does::Now(action), on, short, help }
}

/// Acts at once, and takes words on the command line.
const fn either(name: Text, keys: Keys, action: Action, words: Words, short: Text, help: Text) -> Binding {
    either_on(&[], name, keys, action, words, short, help)
}

/// As [`either`], while a panel of these kinds has the focus.
const fn either_on(
    on: &'static [Kind],
    name: Text,
    keys: Keys,
    action: Action,
    words: Words,
    short: Text,
    help: Text,
) -> Binding {
    Binding { name, keys, does: Does::Either(action, words), on, short, help }
}

/// Needs words: its key opens the command line.
const fn words(name: Text, keys: Keys, words: Words, short: Text, help: Text) -> Binding {
    Binding { name, keys, does: Does::Words(words), on: &[], short, help }
}

/// Panels of what a model saw at an evaluation.
const SEEN: &[Kind] = &[Kind::Similarity, Kind::Images];
const PICTURES: &[Kind] = &[Kind::Images];

/// A closer look at the charts.
const fn look(name: Text, keys: Keys, act: lens::Act, short: Text, help: Text) -> Binding {
    now(name, keys, Action::Look(act), short, help)
}

/// A page of a list, in lines.
const PAGE: usize = 10;

/// The table. The footer shows as many as fit, in this order.
pub static BINDINGS: &[Binding] = &[
    now("quit", &["q"], Action::Leave, "leave", "close what is open, then leave; runs go on"),
    now("help", &["?", "h"], Action::Help, "help", "this help: type to search, Enter does what is marked"),
    now("command", &[":"], Action::Command(String::new()), "command", "a command by its name, with Tab"),
    either(
        "view",
        &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
        Action::View(0),
        words::VIEW,
        "view",
        "show a view",
    ),
    now("panel", &["Tab"], Action::Next, "panel", "focus the next panel, on the next page too"),
    now("panel-before", &["Shift-Tab"], Action::Before, "", "focus the panel before"),
    now("up", &["Up", "k"], Action::Up(1), "move", "select the run above, or scroll up"),
    now("down", &["Down", "j"], Action::Down(1), "move", "select the run below, or scroll down"),
    now_on(
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
        words::SEVERITY,
        "severity",
        "events from this severity on: info, warning, error",
    ),
    now_on(
        &[Kind::Similarity],
        "matrix",
        &["m"],
        Action::Matrix,
        "mode",
        "the matrix as cosines, as softmax at the logit scale, or less that of the pinned run",
    ),
    now_on(SEEN, "earlier", &["["], Action::Scrub { earlier: true }, "step", "the evaluation before"),
    now_on(SEEN, "later", &["]"], Action::Scrub { earlier: false }, "step", "the evaluation after"),
    now_on(PICTURES, "worst", &["w"], Action::Worst, "worst", "queries answered worst first, or in order"),
    now_on(PICTURES, "query", &[">"], Action::Query { further: true }, "query", "the next query"),
    now_on(PICTURES, "query-before", &["<"], Action::Query { further: false }, "query", "the query before"),
    now("hide", &["Space"], Action::Hide, "hide", "show or hide the selected run on the charts"),
    now(
        "all",
        &["a"],
        Action::Table(Act::All),
        "",
        "draw every run on the charts, or as many as there are colours",
    ),
    now("none", &["A"], Action::Table(Act::Nobody), "", "hide all runs from the charts"),
    either(
        "filter",
        &["/"],
        Action::Table(Act::Filter),
        words::FILTER,
        "filter",
        "filter runs: words, study:x, lr<1e-4, hit@1>0.2, status:live, tag:x, has:note, OR, NOT, ( ); Esc clears",
    ),
    either(
        "sort",
        &["."],
        Action::Table(Act::Next),
        words::SORT,
        "sort",
        "sort the runs by the next column; past the last one the newest comes first",
    ),
    now("sort-before", &[","], Action::Table(Act::Before), "sort", "sort the runs by the column before"),
    now("sort-turn", &["-"], Action::Table(Act::Reverse), "", "turn the order of the runs round"),
    now(
        "expand",
        &["Enter", "e"],
        Action::Expand,
        "expand",
        "the focused panel on the whole screen, or back",
    ),
    now("close", &["Esc"], Action::Close, "", "close what is open; it never leaves"),
    either(
        "chart",
        &["+"],
        Action::Metrics,
        words::METRIC,
        "chart",
        "any metric as a chart of this view, from a list that letters search",
    ),
    words(
        "layout",
        &[],
        words::LAYOUT,
        "",
        "save this layout with the added charts, as a file beside the store",
    ),
    either(
        "x",
        &["x"],
        Action::X,
        words::AXIS,
        "axis",
        "next horizontal axis: step, epoch, samples, wall, active",
    ),
    now("log", &["l"], Action::Log, "log", "next form of the vertical axis: linear, log, symlog"),
    either(
        "smooth",
        &["s"],
        Action::Smooth,
        words::STEPS,
        "smooth",
        "next half-life of the smoothing: off, 10, 30, 100, 300, 1000 steps",
    ),
    look(
        "cursor",
        &["c"],
        lens::Act::Cursor,
        "cursor",
        "a cursor on all charts: values at a step; Left and Right move it",
    ),
    look("zoom", &["z"], lens::Act::Closer, "zoom", "closer, around the cursor"),
    look("zoom-out", &["Z"], lens::Act::Farther, "", "farther"),
    look("left", &["Left"], lens::Act::Left, "", "the cursor, or else what is zoomed, to the left"),
    look("right", &["Right"], lens::Act::Right, "", "the cursor, or else what is zoomed, to the right"),
    look("taller", &["Alt-z"], lens::Act::Taller, "", "closer on the vertical axis of the focused chart"),
    look("flatter", &["Alt-Z"], lens::Act::Flatter, "", "farther on the vertical axis of the focused chart"),
    look("higher", &["Alt-Up"], lens::Act::Higher, "", "higher values of a zoomed vertical axis"),
    look("lower", &["Alt-Down"], lens::Act::Lower, "", "lower values of a zoomed vertical axis"),
    look(
        "group",
        &["g"],
        lens::Act::Group,
        "group",
        "runs by arm, with their mean over seeds, or each for itself",
    ),
    look("band", &["b"], lens::Act::Band, "band", "next band: 95% interval over seeds, none, min to max"),
    look("seeds", &["i"], lens::Act::Seeds, "", "the individual runs of groups, thin"),
    look(
        "all-values",
        &["o"],
        lens::Act::Full,
        "",
        "vertical axes with every value, or without the few that flatten the rest",
    ),
    now("pin", &["p"], Action::Pin, "pin", "compare the others with the selected run, or no longer"),
    now("reset", &["0"], Action::Reset, "", "axes and smoothing as the layout has them"),
    now("page-up", &["PageUp"], Action::Up(PAGE), "", "ten lines up"),
    now("page-down", &["PageDown"], Action::Down(PAGE), "", "ten lines down"),
    now("top", &["Home"], Action::Up(usize::MAX), "", "to the first line"),
    now("bottom", &["End"], Action::Down(usize::MAX), "", "to the last line"),
    now("stop", &["K"], Action::Stop, "stop", "ask the selected run to stop at its next step"),
    now("checkpoint", &["C"], Action::Checkpoint, "", "ask the selected run for a checkpoint"),
    words("tag", &["t"], words::TAG, "tag", "tag the selected run"),
    words("untag", &[], words::UNTAG, "", "take a tag off the selected run"),
    words("note", &["n"], words::NOTE, "note", "write a note on the selected run"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_binding_has_a_name_of_its_own_and_words_of_help() {
        for (i, binding) in BINDINGS.iter().enumerate() {
            assert!(!binding.help.is_empty(), "{}", binding.name);
            assert!(BINDINGS[..i].iter().all(|other| other.name != binding.name), "{}", binding.name);
        }
    }
}
