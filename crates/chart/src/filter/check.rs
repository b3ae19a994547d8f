//! Checks that the names in a filter exist.

use clip_lab_diagnostics::Problem;

use super::{
    expr::{Expr, Field},
    subject::{FIELDS, Found, Subject},
};

/// Checks that each name resolves in at least one run, if there are runs; `known` returns all names, for suggestions.
pub fn names<'a>(
    expr: &Expr,
    runs: impl Iterator<Item = Subject<'a>> + Clone,
    known: &dyn Fn() -> Vec<String>,
) -> Result<(), Problem> {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            parts.iter().try_for_each(|part| names(part, runs.clone(), known))
        }
        Expr::Not(part) => names(part, runs, known),
        Expr::Word(_) | Expr::Has(_) => Ok(()),
        Expr::Field { field, .. } => name(field, runs, known),
    }
}

/// The settings and metrics of all runs.
pub fn known<'a>(runs: impl Iterator<Item = Subject<'a>>) -> Vec<String> {
    let mut names: Vec<String> = runs
        .flat_map(|run| run.details.settings.keys().chain(run.series.iter().map(|series| &series.name)))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn name<'a>(
    field: &Field,
    mut runs: impl Iterator<Item = Subject<'a>> + Clone,
    names: &dyn Fn() -> Vec<String>,
) -> Result<(), Problem> {
    let all = runs.clone();
    let no_runs = runs.clone().next().is_none();
    let fixed = FIELDS.contains(&field.name.as_str()) || ["tags", "notes"].contains(&field.name.as_str());
    let resolved = |found: &Found| matches!(found, Found::Texts(_) | Found::Number(_));
    if no_runs
        || fixed
        || runs.any(|run| resolved(&run.find(&field.name, field.statistic)) || recorded(&run, &field.name))
    {
        return Ok(());
    }
    let ambiguous = all.clone().find_map(|run| match run.find(&field.name, field.statistic) {
        Found::Ambiguous(names) => Some(names.join(", ")),
        _ => None,
    });
    let place = field.place.clone();
    if let Some(matches) = ambiguous {
        let message = format!("`{}` is ambiguous: it matches {matches}", field.name);
        return Err(Problem::at(place, message).help("write more of the name"));
    }
    let message = format!("no run has a setting or a metric `{}`", field.name);
    Err(match suggest(field, &names()) {
        Some(name) => Problem::at(place, message).label(format!("did you mean `{name}`?")),
        None => Problem::at(place, message)
            .help("`clip-lab runs metrics RUN` lists metrics; settings are the keys of a spec"),
    })
}

/// Whether a metric is recorded, possibly without a finite value.
fn recorded(run: &Subject, name: &str) -> bool {
    run.series.iter().any(|series| series.name == name)
}

/// The closest name, by full name or last component.
fn suggest(field: &Field, names: &[String]) -> Option<String> {
    let mut known: Vec<&str> = FIELDS.to_vec();
    let names = names.iter().map(String::as_str);
    known.extend(names.flat_map(|name| [name, name.rsplit(['/', '.']).next().unwrap_or(name)]));
    known.sort_unstable();
    known.dedup();
    clip_lab_diagnostics::suggest(&field.name, &known).map(str::to_string)
}
