//! `clip-lab runs list`.

use std::{cmp::Ordering, num::NonZeroUsize, path::Path};

use anyhow::Result;
use clip_lab_chart::table::table;
use clip_lab_cli::{ListArgs, json_document};
use clip_lab_store::{Reader, RunRow, natural};
use serde_json::{Map, Value, json};

use super::columns::{CellValue, Column, ColumnData, column, columns};
use crate::{filter::matching_runs, width};

/// The runs that match the filter, newest first unless sorted.
///
/// # Errors
/// If the store cannot be read, the filter is invalid, or no run has a column.
pub fn list(store: &Path, args: &ListArgs) -> Result<String> {
    let reader = Reader::open(store)?;
    let mut columns = columns(&args.columns)?;
    let sort =
        args.sort.as_deref().map(|name| name.strip_prefix('-').map_or((name, false), |name| (name, true)));
    let shown = columns.len();
    if let Some((name, _)) = sort {
        columns.push(column(name, "--sort")?);
    }
    let filter = args.filter.as_deref().unwrap_or_default();
    let limit = args.limit.map(NonZeroUsize::get);
    let mut runs = matching_runs(&reader, filter, "--filter", limit.filter(|_| sort.is_none()))?;
    let data = ColumnData::read(&reader, &columns, &runs)?;
    for (at, column) in columns.iter().enumerate() {
        column.check(&reader, &data, &runs, if at < shown { "--columns" } else { "--sort" })?;
    }
    if let (Some((_, descending)), Some(by)) = (sort, columns.get(shown)) {
        sort_runs(&mut runs, |run| by.cell(&data, run), descending);
    }
    runs.truncate(limit.unwrap_or(usize::MAX));
    columns.truncate(shown);
    if args.json {
        let named = if args.columns.is_empty() { &[][..] } else { &columns[..] };
        let runs: Vec<Value> = runs.iter().map(|run| object(run, named, &data)).collect();
        return Ok(json_document(json!({ "runs": runs })));
    }
    if runs.is_empty() {
        return Ok(match reader.run_count()? {
            0 => "no runs yet: start one with `clip-lab run experiments/lit.toml`\n".to_owned(),
            count => format!("none of {count} runs matches the filter\n"),
        });
    }
    let cells: Vec<Vec<CellValue>> =
        columns.iter().map(|column| runs.iter().map(|run| column.cell(&data, run)).collect()).collect();
    let headings: Vec<_> = columns.iter().zip(&cells).map(|(column, cells)| column.heading(cells)).collect();
    let mut cells: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|_| cells.iter_mut().filter_map(|cells| Some(cells.next()?.text)).collect())
        .collect();
    Ok(table(&headings, &rows, width()))
}

/// Sorts runs by a cell. Runs without a value come last in both directions.
fn sort_runs(runs: &mut [RunRow], cell: impl Fn(&RunRow) -> CellValue, descending: bool) {
    runs.sort_by_cached_key(|run| Key(cell(run), descending));
}

/// A sort key, and whether the order is descending.
struct Key(CellValue, bool);

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        let directed = |order: Ordering| if self.1 { order.reverse() } else { order };
        match (a.number, b.number) {
            (Some(a), Some(b)) => directed(a.total_cmp(&b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => {
                a.text.is_empty().cmp(&b.text.is_empty()).then_with(|| directed(natural(&a.text, &b.text)))
            }
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// A run as JSON: its row, its best value, its tags and the requested columns.
fn object(run: &RunRow, columns: &[Column], data: &ColumnData) -> Value {
    let goal = data.goal(run);
    let best = goal.and_then(|series| series.best().or(series.last.zip(series.last_step)));
    let mut value = json!(run);
    value["best"] = json!(best.map(|(best, _)| best));
    value["best_step"] = json!(best.map(|(_, step)| step));
    value["tags"] = json!(data.tags(run));
    if !columns.is_empty() {
        let cell = |column: &Column| {
            let CellValue { text, number } = column.cell(data, run);
            let value = match number {
                Some(number) => json!(number),
                None if text.is_empty() => Value::Null,
                None => text.into(),
            };
            (column.name.clone(), value)
        };
        value["columns"] = Value::Object(columns.iter().map(cell).collect::<Map<_, _>>());
    }
    value
}
