//! Columns of a list of runs: fixed fields, and any setting or metric by name.

use anyhow::Result;
use clip_lab_chart::{
    figure::{number, span},
    filter::{Cell, Name},
    text::Column as Heading,
};
use clip_lab_store::{Reader, RequiredData, RunId, RunRow, SeriesRow};
use std::collections::HashMap;

use crate::{InvalidInput, date::date, filter::FilterData};

/// The default columns, most important first: a narrow terminal drops the last ones.
const DEFAULT: [&str; 13] = [
    "name", "uid", "status", "step", "best", "tags", "time", "goal", "study", "epoch", "rate", "seed",
    "reason",
];

/// A column.
pub struct Column {
    /// The name, as the user wrote it.
    pub name: String,
    heading: Heading,
    source: Source,
}

/// Where the cells come from.
enum Source {
    /// A field of every run.
    Row(fn(&RunRow) -> CellValue),
    /// The best value of the goal metric.
    Best,
    /// A field, a setting or a metric.
    Named(Name),
}

/// A cell: its text, and its number for sorting.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CellValue {
    /// The text in a table.
    pub text: String,
    /// The number, for a numeric cell.
    pub number: Option<f64>,
}

/// The data that columns are computed from.
pub struct ColumnData {
    details: FilterData,
    goals: HashMap<RunId, SeriesRow>,
}

impl ColumnData {
    /// Reads what `columns` need of `runs`.
    pub fn read(reader: &Reader, columns: &[Column], runs: &[RunRow]) -> Result<ColumnData> {
        let mut required = RequiredData { labels: true, ..RequiredData::default() };
        for column in columns {
            if let Source::Named(name) = &column.source {
                name.add_required(&mut required);
            }
        }
        Ok(ColumnData { details: FilterData::read(reader, &required, runs)?, goals: reader.goals(runs)? })
    }

    /// The goal metric of a run, if recorded.
    pub fn goal(&self, run: &RunRow) -> Option<&SeriesRow> {
        self.goals.get(&run.id)
    }

    /// The tags of a run.
    pub fn tags<'a>(&'a self, run: &'a RunRow) -> &'a [String] {
        &self.details.subject(run).details.tags
    }
}

/// The columns named by `--columns`. A `+` before the first one adds them to the default columns.
///
/// # Errors
/// If a name is not valid.
pub fn columns(names: &[String]) -> Result<Vec<Column>> {
    let adds = names.first().is_some_and(|first| first.starts_with('+'));
    let default = DEFAULT.iter().filter(|_| adds || names.is_empty()).map(|name| (*name).to_owned());
    let names = names.iter().map(|name| name.trim_start_matches('+').trim().to_owned());
    default.chain(names.filter(|name| !name.is_empty())).map(|name| column(&name, "--columns")).collect()
}

/// One column; `flag` is the option that names it.
///
/// # Errors
/// If the name is not valid.
pub fn column(name: &str, flag: &str) -> Result<Column> {
    let rank = |rank: u8| if DEFAULT.contains(&name) { rank } else { 0 };
    let text = |rank: u8, least: usize, source| (Heading::text(&name.to_uppercase(), rank, least), source);
    let numbers = |rank: u8, source| (Heading::number(&name.to_uppercase(), rank), source);
    let (heading, source) = match name {
        "name" => text(0, 12, Source::Row(|run| run.name.as_str().into())),
        // Never cut a uid: users copy it.
        "uid" => text(0, 26, Source::Row(|run| run.uid.as_str().into())),
        "status" => text(0, 11, Source::Row(|run| run.status.to_string().into())),
        "step" => numbers(rank(1), Source::Row(step)),
        "best" => numbers(rank(1), Source::Best),
        "epoch" => numbers(rank(5), Source::Row(|run| CellValue::numeric(run.epoch, number(run.epoch)))),
        "rate" => numbers(
            rank(6),
            Source::Row(|run| {
                run.rate.map_or_else(CellValue::default, |rate| CellValue::numeric(rate, number(rate)))
            }),
        ),
        "time" => numbers(rank(2), Source::Row(|run| seconds(run.active_ms))),
        "seed" => {
            numbers(rank(7), Source::Row(|run| CellValue::numeric(run.seed as f64, run.seed.to_string())))
        }
        "goal" => text(rank(3), 12, Source::Row(|run| run.goal_metric.clone().unwrap_or_default().into())),
        "study" => text(rank(4), 8, Source::Row(study)),
        "reason" => text(rank(8), 20, Source::Row(|run| run.reason.clone().unwrap_or_default().into())),
        "started" => {
            text(0, 20, Source::Row(|run| CellValue::numeric(run.started_ms as f64, date(run.started_ms))))
        }
        "ended" => text(
            0,
            20,
            Source::Row(|run| {
                run.ended_ms.map_or_else(CellValue::default, |ms| CellValue::numeric(ms as f64, date(ms)))
            }),
        ),
        "tags" => text(rank(2), 8, Source::Named(Name::read(flag, "tags").map_err(InvalidInput::error)?)),
        _ => (Heading::text(name, 0, 6), Source::Named(Name::read(flag, name).map_err(InvalidInput::error)?)),
    };
    Ok(Column { name: name.to_owned(), heading, source })
}

impl Column {
    /// The heading in a table. Aligns to the right if all cells are numbers.
    pub fn heading(&self, cells: &[CellValue]) -> Heading {
        let numbers = cells.iter().any(|cell| cell.number.is_some())
            && cells.iter().all(|cell| cell.number.is_some() || cell.text.is_empty());
        let right = matches!(self.source, Source::Named(_)) && numbers;
        Heading { right: self.heading.right || right, ..self.heading.clone() }
    }

    /// Checks that some run has the field, setting or metric.
    ///
    /// # Errors
    /// If none has, with the nearest name.
    pub fn check(&self, reader: &Reader, data: &ColumnData, runs: &[RunRow], flag: &str) -> Result<()> {
        let Source::Named(name) = &self.source else { return Ok(()) };
        let subjects = runs.iter().map(|run| data.details.subject(run));
        name.check(subjects, &|| reader.names().unwrap_or_default()).map_err(|problem| {
            InvalidInput::error(clip_lab_diagnostics::render(flag, &self.name, &[problem], false))
        })
    }

    /// The cell of a run.
    pub fn cell(&self, data: &ColumnData, run: &RunRow) -> CellValue {
        match &self.source {
            Source::Row(field) => field(run),
            Source::Best => {
                let best =
                    data.goal(run).and_then(|series| series.best().map(|(best, _)| best).or(series.last));
                best.map_or_else(CellValue::default, |best| CellValue::numeric(best, number(best)))
            }
            Source::Named(name) => match name.of(&data.details.subject(run)) {
                Some(Cell::Number(found)) => CellValue::numeric(found, number(found)),
                Some(Cell::Text(text)) => text.into(),
                None => CellValue::default(),
            },
        }
    }
}

impl CellValue {
    fn numeric(number: f64, text: String) -> CellValue {
        CellValue { text, number: Some(number) }
    }
}

impl<T: Into<String>> From<T> for CellValue {
    fn from(text: T) -> CellValue {
        CellValue { text: text.into(), number: None }
    }
}

fn step(run: &RunRow) -> CellValue {
    let text = run.total_steps.map_or(run.step.to_string(), |total| format!("{}/{total}", run.step));
    CellValue::numeric(run.step as f64, text)
}

fn seconds(ms: i64) -> CellValue {
    let seconds = ms as f64 / 1000.0;
    CellValue::numeric(seconds, span(seconds))
}

fn study(run: &RunRow) -> CellValue {
    match (&run.study, &run.arm) {
        (Some(study), Some(arm)) => format!("{study}/{arm}").into(),
        (study, _) => study.clone().unwrap_or_default().into(),
    }
}
