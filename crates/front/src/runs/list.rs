//! `clip-lab runs list`.

use std::{cmp::Ordering, path::Path};

use anyhow::Result;
use clip_lab_board::table::table;
use clip_lab_cli::{ListArgs, answer};
use clip_lab_store::{Reader, RunRow, natural};
use serde_json::{Map, Value, json};

use super::columns::{Column, Facts, Shown, column, columns};
use crate::{filtered::filtered, width};

/// All runs that are asked for, the newest first or in the order that is asked for.
///
/// # Errors
/// Those of the store and of the filter; a column that no run has.
pub fn list(store: &Path, args: &ListArgs) -> Result<String> {
    let reader = Reader::open(store)?;
    let all = reader.runs()?;
    let count = all.len();
    let mut columns = columns(&args.columns)?;
    let sort =
        args.sort.as_deref().map(|name| name.strip_prefix('-').map_or((name, false), |name| (name, true)));
    let shown = columns.len();
    if let Some((name, _)) = sort {
        columns.push(column(name, "--sort")?);
    }
    let mut runs = filtered(&reader, all, args.filter.as_deref().unwrap_or_default(), "--filter")?;
    let facts = Facts::read(&reader, &columns, &runs)?;
    for (at, column) in columns.iter().enumerate() {
        column.check(&reader, &facts, &runs, if at < shown { "--columns" } else { "--sort" })?;
    }
    if let (Some((_, falling)), Some(by)) = (sort, columns.get(shown)) {
        sorted(&mut runs, |run| by.of(&facts, run), falling);
    }
    columns.truncate(shown);
    if args.json {
        let named = if args.columns.is_empty() { &[][..] } else { &columns[..] };
        let runs: Vec<Value> = runs.iter().map(|run| object(run, named, &facts)).collect();
        return Ok(answer(json!({ "runs": runs })));
    }
    if runs.is_empty() && count > 0 {
        return Ok(format!("none of {count} runs fits the filter\n"));
    }
    if runs.is_empty() {
        return Ok("no runs yet: start one with `clip-lab run experiments/lit.toml`\n".to_owned());
    }
    let cells: Vec<Vec<Shown>> =
        columns.iter().map(|column| runs.iter().map(|run| column.of(&facts, run)).collect()).collect();
    let headings: Vec<_> = columns.iter().zip(&cells).map(|(column, cells)| column.heading(cells)).collect();
    let row = |at: usize| cells.iter().map(|cells| cells[at].text.clone()).collect();
    let rows: Vec<Vec<String>> = (0..runs.len()).map(row).collect();
    Ok(table(&headings, &rows, width()))
}

/// What lacks a value comes last either way.
fn sorted(runs: &mut [RunRow], of: impl Fn(&RunRow) -> Shown, falling: bool) {
    runs.sort_by_cached_key(|run| Key(of(run), falling));
}

/// A cell in its order.
struct Key(Shown, bool);

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        let turned = |order: Ordering| if self.1 { order.reverse() } else { order };
        match (a.number, b.number) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => {
                a.text.is_empty().cmp(&b.text.is_empty()).then_with(|| turned(natural(&a.text, &b.text)))
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

/// A run for programs: its row, how good it got, its tags, and the columns that were asked for by name.
fn object(run: &RunRow, columns: &[Column], facts: &Facts) -> Value {
    let goal = facts.goal(run);
    let best = goal.and_then(|series| series.best().or(series.last.zip(series.last_step)));
    let mut value = json!(run);
    value["best"] = json!(best.map(|(best, _)| best));
    value["best_step"] = json!(best.map(|(_, step)| step));
    value["tags"] = json!(facts.tags(run));
    if !columns.is_empty() {
        let cell = |column: &Column| {
            let Shown { text, number } = column.of(facts, run);
            let shown = match number {
                Some(number) => json!(number),
                None if text.is_empty() => Value::Null,
                None => text.into(),
            };
            (column.name.clone(), shown)
        };
        value["columns"] = Value::Object(columns.iter().map(cell).collect::<Map<_, _>>());
    }
    value
}
