//! Checks of settings, for plugins of all kinds.

use anyhow::{Result, anyhow, bail, ensure};
use serde_json::Value;

use crate::{Description, Kind, Planned, Registry, Section, diagnostics::Problem, parse};

/// Plans a plugin with the settings in `lines`, after checking its help, its defaults and its handling of invalid
/// settings.
///
/// # Errors
/// Names the failed check.
pub fn check<K: Kind + ?Sized>(
    registry: &Registry<K>,
    plugin: &Description,
    lines: &str,
) -> Result<Planned<K>> {
    check_help(plugin)?;
    let plan = |lines: &str| plan(registry, plugin.name, lines);
    let given: toml::Table = toml::from_str(lines)?;
    for problem in plan("").err().into_iter().flatten() {
        let overridden = given.keys().any(|key| problem.message.contains(&format!("].{key}:")));
        ensure!(
            overridden,
            "its defaults are invalid, and `settings` does not override them: {}",
            problem.message
        );
    }
    let Err(problems) = plan(&format!("no_such_setting = 1\n{lines}")) else {
        bail!("it accepts unknown settings: add `deny_unknown_fields` to its struct")
    };
    ensure!(problems.len() == 1, "an unknown setting is reported as {} problems", problems.len());
    let planned = plan(lines).map_err(|problems| anyhow!(messages(&problems)))?;
    let written = toml::Table::try_from(without_null(&planned.settings))?.to_string();
    let again = plan(&written)
        .map_err(|problems| anyhow!("its own settings are rejected: {}", messages(&problems)))?;
    ensure!(
        again.settings == planned.settings,
        "its settings change when they are serialised and read again"
    );
    Ok(planned)
}

fn plan<K: Kind + ?Sized>(
    registry: &Registry<K>,
    name: &str,
    lines: &str,
) -> Result<Planned<K>, Vec<Problem>> {
    let table = parse(format!("plugin = {name:?}\n{lines}"))
        .map_err(|error| vec![Problem::new(error.message().to_owned())])?;
    registry.plan(Section::new(name, 0..0, table))
}

/// Checks that the plugin and every setting have help.
fn check_help(plugin: &Description) -> Result<()> {
    let has_no_help =
        |schema: &Value| schema["description"].as_str().is_none_or(|text| text.trim().is_empty());
    ensure!(!has_no_help(&plugin.schema), "its settings struct has no doc comment, which is its help");
    for (key, schema) in plugin.schema["properties"].as_object().into_iter().flatten() {
        ensure!(!has_no_help(schema), "`{key}` has no doc comment, which is its help");
    }
    Ok(())
}

fn messages(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// Drops nulls, which TOML lacks.
fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(entries.map(|(key, value)| (key.clone(), without_null(value))).collect())
        }
        other => other.clone(),
    }
}
