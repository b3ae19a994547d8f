//! Hugging Face's `imagefolder` format, `metadata.jsonl`: one object per line, with `file_name` and a column of
//! captions, a text or a list of texts, <https://huggingface.co/docs/datasets/image_dataset#imagefolder>. Other columns
//! are ignored.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use super::{
    columns::{ColumnOverrides, Columns},
    list::{Entry, List, split},
};

/// Gathers the lines. Unusable lines are left out and listed by number.
///
/// # Errors
/// None; unusable lines are returned as reasons.
pub fn read(text: &str, overrides: ColumnOverrides<'_>) -> Result<List> {
    let mut list = List::default();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = serde_json::from_str(line).context("it is not a JSON object");
        list.entry(|| format!("line {}", number + 1), row.and_then(|row| listed(&row, overrides)));
    }
    Ok(list)
}

fn listed(row: &Map<String, Value>, overrides: ColumnOverrides<'_>) -> Result<Entry> {
    let (header, values): (Vec<&str>, Vec<&Value>) =
        row.iter().map(|(key, value)| (key.as_str(), value)).unzip();
    let columns = Columns::find(&header, overrides)?;
    let file = values[columns.picture].as_str().unwrap_or_default().trim();
    ensure!(!file.is_empty(), "`{}` names no image", header[columns.picture]);
    let mut captions = Vec::new();
    for column in columns.captions {
        texts(values[column], &mut captions).with_context(|| format!("`{}`", header[column]))?;
    }
    let part = columns.split.and_then(|column| values[column].as_str()).map(split).transpose()?;
    Ok((file.to_owned(), part, captions))
}

/// Collects a text or a list of texts; null is no text.
fn texts(value: &Value, into: &mut Vec<String>) -> Result<()> {
    match value {
        Value::Null => {}
        Value::String(text) => into.push(text.clone()),
        Value::Array(several) => several.iter().try_for_each(|one| texts(one, into))?,
        _ => bail!("must be a text or a list of texts"),
    }
    Ok(())
}
