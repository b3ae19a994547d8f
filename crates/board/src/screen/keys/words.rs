//! The arguments of commands: hint, completions and parsing.

use clip_lab_problem::{Problem, nearest};
use clip_lab_store::Level;

use super::Action;
use crate::{
    figure::x,
    filter::Filter,
    layout::{self, matches},
    screen::{app::App, table::act::TableAction},
};

/// The argument of a command.
pub struct Words {
    /// Its placeholder in the help: `AXIS`, `NAME`.
    pub hint: &'static str,
    /// Its completions.
    pub known: fn(&App) -> Vec<String>,
    /// Parses it to an action, or says why it is invalid.
    pub read: fn(&App, &str) -> Result<Action, String>,
}

/// A view by its name or number.
pub const VIEW: Words = Words {
    hint: "NAME",
    known: |app| app.layout.views.iter().map(|view| view.title.to_lowercase()).collect(),
    read: |app, words| {
        let known: Vec<String> = app.layout.views.iter().map(|view| view.title.to_lowercase()).collect();
        let number = words.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < known.len());
        let named = known.iter().position(|title| *title == words.to_lowercase());
        named.or(number).map(Action::View).ok_or_else(|| unknown("view", words, &known))
    },
};

/// A metric of the runs; `*` in it matches any characters.
pub const METRIC: Words = Words {
    hint: "METRIC",
    known: |app| app.metrics("").into_iter().map(|metric| metric.name).collect(),
    read: |app, words| {
        let known = (METRIC.known)(app);
        match known.iter().any(|name| matches(words, name)) {
            true => Ok(Action::AddChart(words.to_string())),
            false if known.is_empty() => Err("no run has recorded a metric yet".to_string()),
            false => Err(unknown("metric", words, &known)),
        }
    },
};

/// `save` and the name of a file.
pub const LAYOUT: Words = Words {
    hint: "save NAME",
    known: |app| vec![format!("save {}", app.layout.title.to_lowercase().replace(' ', "-"))],
    read: |_, words| {
        let name = words.strip_prefix("save ").map(str::trim).unwrap_or_default();
        if name.is_empty() {
            return Err("`layout` needs an argument: `layout save NAME`".to_string());
        }
        layout::check_name(name).map(|()| Action::SaveLayout(name.to_string()))
    },
};

/// A horizontal axis.
pub const AXIS: Words = Words {
    hint: "AXIS",
    known: |_| x::ALL.iter().map(|(_, name)| name.to_string()).collect(),
    read: |app, words| {
        let found = x::ALL.iter().find(|(_, name)| *name == words);
        found.map(|(axis, _)| Action::SetX(*axis)).ok_or_else(|| unknown("axis", words, &(AXIS.known)(app)))
    },
};

/// A half-life of the smoothing.
pub const STEPS: Words = Words {
    hint: "STEPS",
    known: |_| ["0", "10", "30", "100", "300", "1000"].map(str::to_string).to_vec(),
    read: |_, words| match words.parse::<f64>() {
        Ok(steps) if steps.is_finite() && steps >= 0.0 => Ok(Action::SetSmooth(steps)),
        _ => Err(format!("the half-life must be a number of steps, 0 for none, not `{words}`")),
    },
};

const LEVELS: [(&str, Level); 3] =
    [("info", Level::Info), ("warning", Level::Warning), ("error", Level::Error)];

/// A minimum severity.
pub const SEVERITY: Words = Words {
    hint: "LEVEL",
    known: |_| LEVELS.iter().map(|(name, _)| name.to_string()).collect(),
    read: |app, words| {
        let found = LEVELS.iter().find(|(name, _)| *name == words);
        found
            .map(|(_, level)| Action::SetSeverity(*level))
            .ok_or_else(|| unknown("severity", words, &(SEVERITY.known)(app)))
    },
};

/// A new tag, or one that other runs have.
pub const TAG: Words = Words {
    hint: "NAME",
    known: |app| tags(app.snapshot.runs.iter().flat_map(|run| &run.facts.tags)),
    read: |_, words| Ok(Action::Tag(words.to_string())),
};

/// A tag of the selected run.
pub const UNTAG: Words = Words {
    hint: "NAME",
    known: |app| tags(app.selected().into_iter().flat_map(|run| &run.facts.tags)),
    read: |app, words| match (UNTAG.known)(app) {
        known if known.iter().any(|tag| tag == words) => Ok(Action::Untag(words.to_string())),
        known if known.is_empty() => Err("the selected run has no tags".to_string()),
        known => Err(unknown("tag of the run", words, &known)),
    },
};

/// A filter; `off` clears it.
pub const FILTER: Words = Words {
    hint: "FILTER",
    known: |_| ["off", "status:live", "has:note"].map(str::to_string).to_vec(),
    read: |_, words| {
        let text = if words == "off" { "" } else { words };
        let wrong = |problem: Problem| format!("{} at `{}`", problem.message, place(text, &problem));
        Filter::parse(text).map_err(wrong).map(|_| Action::Table(TableAction::SetFilter(text.to_string())))
    },
};

fn place<'a>(text: &'a str, problem: &Problem) -> &'a str {
    problem.place.clone().and_then(|place| text.get(place)).unwrap_or_default()
}

/// A column of the runs table; `-` before it reverses the order.
pub const SORT: Words = Words {
    hint: "COLUMN",
    known: |app| app.table.words(),
    read: |app, words| {
        let known = app.table.words();
        let name = words.strip_prefix('-').unwrap_or(words);
        match known.iter().any(|word| word == name) {
            true => Ok(Action::Table(TableAction::SortBy(words.to_string()))),
            false => Err(unknown("column", name, &known)),
        }
    },
};

/// Free text.
pub const NOTE: Words =
    Words { hint: "TEXT", known: |_| Vec::new(), read: |_, words| Ok(Action::Note(words.to_string())) };

fn tags<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = all.cloned().collect();
    all.sort();
    all.dedup();
    all
}

/// The most names listed in an error.
const MOST: usize = 20;

/// `unknown view ...`, with the nearest name or all of them.
pub fn unknown(what: &str, words: &str, known: &[String]) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    match nearest(words, &names) {
        Some(name) => format!("unknown {what} `{words}`; did you mean `{name}`?"),
        None => {
            let more = names.len().saturating_sub(MOST);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = &names[..names.len().min(MOST)];
            format!("unknown {what} `{words}`; must be one of {}{more}", names.join(", "))
        }
    }
}
