//! Columns of a list of runs: what all runs have, and any setting or metric by its name.

use anyhow::Result;
use clip_lab_board::{
    figure::{number, span},
    filter::{Cell, Name},
    text::Column as Heading,
};
use clip_lab_store::{Asked, Reader, RunId, RunRow, SeriesRow};
use std::collections::HashMap;

use crate::{Mistakes, date::date, filtered::Known};

/// What is shown when nobody says otherwise; the first stay longest where there is little room.
const USUAL: [&str; 13] = [
    "name", "uid", "status", "step", "best", "tags", "time", "goal", "study", "epoch", "rate", "seed",
    "reason",
];

/// A column.
pub struct Column {
    /// Its name, as it was asked for.
    pub name: String,
    heading: Heading,
    of: Of,
}

/// Where its cells come from.
enum Of {
    /// What every run has.
    Row(fn(&RunRow) -> Shown),
    /// The best value of the metric that the run is judged by.
    Best,
    /// A field, a setting or a metric.
    Named(Name),
}

/// A cell: what is shown, and what it is sorted by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// As a table shows it.
    pub text: String,
    /// The number behind it.
    pub number: Option<f64>,
}

/// What columns are read from.
pub struct Facts {
    known: Known,
    goals: HashMap<RunId, SeriesRow>,
}

impl Facts {
    /// Reads what `columns` need of `runs`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn read(reader: &Reader, columns: &[Column], runs: &[RunRow]) -> Result<Facts> {
        let mut asked = Asked { labels: true, ..Asked::default() };
        for column in columns {
            if let Of::Named(name) = &column.of {
                name.asks(&mut asked);
            }
        }
        let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
        Ok(Facts { known: Known::read(reader, &asked)?, goals: reader.goals(&ids)? })
    }

    /// The metric by which a run is judged, if it has recorded it.
    pub fn goal(&self, run: &RunRow) -> Option<&SeriesRow> {
        self.goals.get(&run.id)
    }

    /// The tags of a run.
    pub fn tags<'a>(&'a self, run: &'a RunRow) -> &'a [String] {
        &self.known.subject(run).facts.tags
    }
}

/// The columns that were asked for; with a `+` before the first they come after the usual ones.
///
/// # Errors
/// A name that cannot be one.
pub fn columns(asked: &[String]) -> Result<Vec<Column>> {
    let more = asked.first().is_some_and(|first| first.starts_with('+'));
    let usual = USUAL.iter().filter(|_| more || asked.is_empty()).map(|name| (*name).to_owned());
    let asked = asked.iter().map(|name| name.trim_start_matches('+').trim().to_owned());
    usual.chain(asked.filter(|name| !name.is_empty())).map(|name| column(&name, "--columns")).collect()
}

/// One column; `whose` says where its name comes from.
///
/// # Errors
/// A name that cannot be one.
pub fn column(name: &str, whose: &str) -> Result<Column> {
    let rank = |usual: u8| USUAL.iter().position(|known| *known == name).map_or(0, |_| usual);
    let words = |rank: u8, least: usize, of| (Heading::words(&name.to_uppercase(), rank, least), of);
    let numbers = |rank: u8, of| (Heading::numbers(&name.to_uppercase(), rank), of);
    let (heading, of) = match name {
        "name" => words(0, 12, Of::Row(|run| run.name.as_str().into())),
        // A uid is never cut: it is there to be copied.
        "uid" => words(0, 26, Of::Row(|run| run.uid.as_str().into())),
        "status" => words(0, 11, Of::Row(|run| run.status.to_string().into())),
        "step" => numbers(rank(1), Of::Row(step)),
        "best" => numbers(rank(1), Of::Best),
        "epoch" => numbers(rank(5), Of::Row(|run| Shown::of(run.epoch, number(run.epoch)))),
        "rate" => numbers(
            rank(6),
            Of::Row(|run| run.rate.map_or_else(Shown::default, |rate| Shown::of(rate, number(rate)))),
        ),
        "time" => numbers(rank(2), Of::Row(|run| seconds(run.active_ms))),
        "seed" => numbers(rank(7), Of::Row(|run| Shown::of(run.seed as f64, run.seed.to_string()))),
        "goal" => words(rank(3), 12, Of::Row(|run| run.goal_metric.clone().unwrap_or_default().into())),
        "study" => words(rank(4), 8, Of::Row(study)),
        "reason" => words(rank(8), 20, Of::Row(|run| run.reason.clone().unwrap_or_default().into())),
        "started" => words(0, 20, Of::Row(|run| Shown::of(run.started_ms as f64, date(run.started_ms)))),
        "ended" => words(
            0,
            20,
            Of::Row(|run| run.ended_ms.map_or_else(Shown::default, |ms| Shown::of(ms as f64, date(ms)))),
        ),
        "tags" => words(rank(2), 8, Of::Named(Name::read(whose, "tags").map_err(Mistakes::in_words)?)),
        _ => (Heading::words(name, 0, 6), Of::Named(Name::read(whose, name).map_err(Mistakes::in_words)?)),
    };
    Ok(Column { name: name.to_owned(), heading, of })
}

impl Column {
    /// How a table heads it. Its cells stand at the right where all are numbers.
    pub fn heading(&self, cells: &[Shown]) -> Heading {
        let numbers = cells.iter().any(|cell| cell.number.is_some())
            && cells.iter().all(|cell| cell.number.is_some() || cell.text.is_empty());
        let right = matches!(self.of, Of::Named(_)) && numbers;
        Heading { right: self.heading.right || right, ..self.heading.clone() }
    }

    /// Refuses a name that no run has.
    ///
    /// # Errors
    /// With the nearest that some run has.
    pub fn check(&self, reader: &Reader, facts: &Facts, runs: &[RunRow], whose: &str) -> Result<()> {
        let Of::Named(name) = &self.of else { return Ok(()) };
        let subjects = runs.iter().map(|run| facts.known.subject(run));
        name.check(subjects, &|| reader.names().unwrap_or_default()).map_err(|problem| {
            Mistakes::in_words(clip_lab_problem::render(whose, &self.name, &[problem], false))
        })
    }

    /// What it shows of a run.
    pub fn of(&self, facts: &Facts, run: &RunRow) -> Shown {
        match &self.of {
            Of::Row(of) => of(run),
            Of::Best => {
                let best =
                    facts.goal(run).and_then(|series| series.best().map(|(best, _)| best).or(series.last));
                best.map_or_else(Shown::default, |best| Shown::of(best, number(best)))
            }
            Of::Named(name) => match name.of(&facts.known.subject(run)) {
                Some(Cell::Number(found)) => Shown::of(found, number(found)),
                Some(Cell::Words(words)) => words.into(),
                None => Shown::default(),
            },
        }
    }
}

impl Shown {
    fn of(number: f64, text: String) -> Shown {
        Shown { text, number: Some(number) }
    }
}

impl<T: Into<String>> From<T> for Shown {
    fn from(text: T) -> Shown {
        Shown { text: text.into(), number: None }
    }
}

fn step(run: &RunRow) -> Shown {
    let text = run.total_steps.map_or(run.step.to_string(), |total| format!("{}/{total}", run.step));
    Shown::of(run.step as f64, text)
}

fn seconds(ms: i64) -> Shown {
    let seconds = ms as f64 / 1000.0;
    Shown::of(seconds, span(seconds))
}

fn study(run: &RunRow) -> Shown {
    match (&run.study, &run.arm) {
        (Some(study), Some(arm)) => format!("{study}/{arm}").into(),
        (study, _) => study.clone().unwrap_or_default().into(),
    }
}
