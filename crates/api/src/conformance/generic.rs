//! Checks of settings, the same for plugins of every kind.

use anyhow::{Result, anyhow, bail, ensure};
use serde_json::Value;

use crate::{Description, Kind, Planned, Section, Shelf, parse, problem::Problem};

/// Plans a plugin with the settings in `lines`, once its help, its defaults and its refusals are in order.
///
/// # Errors
/// Says what does not hold.
pub fn check<K: Kind + ?Sized>(shelf: &Shelf<K>, plugin: &Description, lines: &str) -> Result<Planned<K>> {
    helps(plugin)?;
    let plan = |lines: &str| plan(shelf, plugin.name, lines);
    let given: toml::Table = toml::from_str(lines)?;
    for problem in plan("").err().into_iter().flatten() {
        let asked = given.keys().any(|key| problem.message.contains(&format!("].{key}:")));
        ensure!(
            asked,
            "its defaults do not hold, and no other setting was given for it: {}",
            problem.message
        );
    }
    let Err(refused) = plan(&format!("no_such_setting = 1\n{lines}")) else {
        bail!("it takes unknown settings: add `deny_unknown_fields` to its struct")
    };
    ensure!(refused.len() == 1, "an unknown setting leads to {} problems", refused.len());
    let planned = plan(lines).map_err(|problems| anyhow!(words(&problems)))?;
    let written = toml::Table::try_from(without_null(&planned.settings))?.to_string();
    let again =
        plan(&written).map_err(|problems| anyhow!("its own settings are refused: {}", words(&problems)))?;
    ensure!(
        again.settings == planned.settings,
        "its settings change when they are written down and read back"
    );
    Ok(planned)
}

fn plan<K: Kind + ?Sized>(shelf: &Shelf<K>, name: &str, lines: &str) -> Result<Planned<K>, Vec<Problem>> {
    let table = parse(format!("plugin = {name:?}\n{lines}"))
        .map_err(|error| vec![Problem::new(error.message().to_owned())])?;
    shelf.plan(Section::new(name, 0..0, table))
}

/// The plugin and every setting explain themselves.
fn helps(plugin: &Description) -> Result<()> {
    let silent = |schema: &Value| schema["description"].as_str().is_none_or(|text| text.trim().is_empty());
    ensure!(!silent(&plugin.schema), "its settings struct has no doc comment, which is its help");
    for (key, schema) in plugin.schema["properties"].as_object().into_iter().flatten() {
        ensure!(!silent(schema), "`{key}` has no doc comment, which is its help");
    }
    Ok(())
}

fn words(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// TOML has no null: what is unset is left out.
fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_null(value))).collect())
        }
        other => other.clone(),
    }
}
