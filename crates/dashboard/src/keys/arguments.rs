//! The arguments of commands: hint, completions and parsing.

use clip_lab_diagnostics::{Problem, suggest};
use clip_lab_store::Level;

use super::{Action, Names, TableAction};
use clip_lab_chart::{
    figure::x,
    filter::Filter,
    layout::{self, matches},
};

/// The argument of a command.
pub struct Argument {
    /// Its placeholder in the help: `AXIS`, `NAME`.
    pub hint: &'static str,
    /// Its completions.
    pub completions: fn(&dyn Names) -> Vec<String>,
    /// Parses it to an action; the error is text to show.
    pub parse: fn(&dyn Names, &str) -> Result<Action, String>,
}

/// A view by its name or number.
pub const VIEW: Argument = Argument {
    hint: "NAME",
    completions: |names| names.view_titles(),
    parse: |names, text| {
        let known = names.view_titles();
        let number = text.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < known.len());
        let named = known.iter().position(|title| *title == text.to_lowercase());
        named.or(number).map(Action::View).ok_or_else(|| unknown("view", text, &known))
    },
};

/// A metric of the runs; `*` in it matches any characters.
pub const METRIC: Argument = Argument {
    hint: "METRIC",
    completions: |names| names.metric_names(),
    parse: |names, text| {
        let known = names.metric_names();
        match known.iter().any(|name| matches(text, name)) {
            true => Ok(Action::AddChart(text.to_string())),
            false if known.is_empty() => Err("no run has recorded a metric yet".to_string()),
            false => Err(unknown("metric", text, &known)),
        }
    },
};

/// `save` and the name of a file.
pub const LAYOUT: Argument = Argument {
    hint: "save NAME",
    completions: |names| vec![format!("save {}", names.layout_title().to_lowercase().replace(' ', "-"))],
    parse: |_, text| {
        let name = text.strip_prefix("save ").map(str::trim).unwrap_or_default();
        if name.is_empty() {
            return Err("`layout` needs an argument: `layout save NAME`".to_string());
        }
        layout::check_name(name).map(|()| Action::SaveLayout(name.to_string()))
    },
};

/// A horizontal axis.
pub const AXIS: Argument = Argument {
    hint: "AXIS",
    completions: |_| x::ALL.iter().map(|(_, name)| name.to_string()).collect(),
    parse: |names, text| {
        let found = x::ALL.iter().find(|(_, name)| *name == text);
        found
            .map(|(axis, _)| Action::SetX(*axis))
            .ok_or_else(|| unknown("axis", text, &(AXIS.completions)(names)))
    },
};

/// A half-life of the smoothing.
pub const STEPS: Argument = Argument {
    hint: "STEPS",
    completions: |_| ["0", "10", "30", "100", "300", "1000"].map(str::to_string).to_vec(),
    parse: |_, text| match text.parse::<f64>() {
        Ok(steps) if steps.is_finite() && steps >= 0.0 => Ok(Action::SetSmooth(steps)),
        _ => Err(format!("the half-life must be a number of steps, 0 for none, not `{text}`")),
    },
};

const LEVELS: [(&str, Level); 3] =
    [("info", Level::Info), ("warning", Level::Warning), ("error", Level::Error)];

/// A minimum severity.
pub const SEVERITY: Argument = Argument {
    hint: "LEVEL",
    completions: |_| LEVELS.iter().map(|(name, _)| name.to_string()).collect(),
    parse: |names, text| {
        let found = LEVELS.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, level)| Action::SetSeverity(*level))
            .ok_or_else(|| unknown("severity", text, &(SEVERITY.completions)(names)))
    },
};

/// A new tag, or one that other runs have.
pub const TAG: Argument = Argument {
    hint: "NAME",
    completions: |names| names.tags(),
    parse: |_, text| Ok(Action::Tag(text.to_string())),
};

/// A tag of the selected run.
pub const UNTAG: Argument = Argument {
    hint: "NAME",
    completions: |names| names.selected_tags(),
    parse: |names, text| match names.selected_tags() {
        known if known.iter().any(|tag| tag == text) => Ok(Action::Untag(text.to_string())),
        known if known.is_empty() => Err("the selected run has no tags".to_string()),
        known => Err(unknown("tag", text, &known)),
    },
};

/// A filter; `off` clears it.
pub const FILTER: Argument = Argument {
    hint: "FILTER",
    completions: |_| ["off", "status:live", "has:note"].map(str::to_string).to_vec(),
    parse: |_, text| {
        let text = if text == "off" { "" } else { text };
        let wrong = |problem: Problem| format!("{} at `{}`", problem.message, place(text, &problem));
        Filter::parse(text).map_err(wrong).map(|_| Action::Table(TableAction::SetFilter(text.to_string())))
    },
};

fn place<'a>(text: &'a str, problem: &Problem) -> &'a str {
    problem.place.clone().and_then(|place| text.get(place)).unwrap_or_default()
}

/// A column of the runs table; `-` before it reverses the order.
pub const SORT: Argument = Argument {
    hint: "COLUMN",
    completions: |names| names.column_names(),
    parse: |names, text| {
        let known = names.column_names();
        let name = text.strip_prefix('-').unwrap_or(text);
        match known.iter().any(|column| column == name) {
            true => Ok(Action::Table(TableAction::SortBy(text.to_string()))),
            false => Err(unknown("column", name, &known)),
        }
    },
};

/// Free text.
pub const NOTE: Argument = Argument {
    hint: "TEXT",
    completions: |_| Vec::new(),
    parse: |_, text| Ok(Action::Note(text.to_string())),
};

/// The most names listed in an error.
const MAX_NAMES: usize = 20;

/// `unknown view ...`, with the nearest name or all of them.
fn unknown(what: &str, text: &str, known: &[String]) -> String {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    match suggest(text, &names) {
        Some(name) => format!("unknown {what} `{text}`; did you mean `{name}`?"),
        None => {
            let more = names.len().saturating_sub(MAX_NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let names = &names[..names.len().min(MAX_NAMES)];
            format!("unknown {what} `{text}`; must be one of {}{more}", names.join(", "))
        }
    }
}
