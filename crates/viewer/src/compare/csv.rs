//! The comparison as CSV: a row for each arm and metric, with numbers in full precision and empty cells for missing
//! ones.

use anyhow::Result;
use clip_lab_escape::cell;
use clip_lab_stats::{Covers, Interval};

use super::report::{Report, Row, Table};

const HEAD: [&str; 24] = [
    "metric",
    "arm",
    "is_reference",
    "seeds",
    "queries",
    "mean",
    "low",
    "high",
    "covers",
    "seeds_low",
    "seeds_high",
    "difference",
    "difference_low",
    "difference_high",
    "difference_covers",
    "paired_by_seed",
    "p",
    "p_holm",
    "mcnemar_p",
    "mcnemar_p_holm",
    "samples",
    "flops",
    "seconds",
    "runs",
];

impl Report {
    /// The tables as CSV.
    pub fn to_csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEAD)?;
        for table in &self.tables {
            for row in &table.rows {
                writer.write_record(line(table, row))?;
            }
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }
}

fn line(table: &Table, row: &Row) -> [String; HEAD.len()] {
    let (mean, difference) = (row.mean.as_ref(), row.difference.as_ref().map(|found| &found.estimate));
    let ends =
        |interval: Option<Interval>| [number(interval.map(|i| i.low)), number(interval.map(|i| i.high))];
    let [low, high] = ends(mean.and_then(|mean| mean.interval));
    let [seeds_low, seeds_high] = ends(row.over_seeds);
    let [difference_low, difference_high] = ends(difference.and_then(|found| found.interval));
    [
        cell(&table.metric).into_owned(),
        cell(&row.arm).into_owned(),
        row.is_reference.to_string(),
        row.seeds.len().to_string(),
        row.queries.map_or_else(String::new, |queries| queries.to_string()),
        number(mean.map(|mean| mean.value)),
        low,
        high,
        covers(mean.and_then(|mean| mean.covers)),
        seeds_low,
        seeds_high,
        number(difference.map(|found| found.value)),
        difference_low,
        difference_high,
        covers(difference.and_then(|found| found.covers)),
        row.difference.as_ref().map_or_else(String::new, |found| found.paired_by_seed.to_string()),
        number(difference.and_then(|found| found.p)),
        number(row.difference.as_ref().and_then(|found| found.p_holm)),
        number(row.mcnemar.as_ref().map(|found| found.p)),
        number(row.mcnemar.as_ref().map(|found| found.p_holm)),
        number(row.cost.samples),
        number(row.cost.flops),
        number(row.cost.seconds),
        cell(&row.runs.join(" ")).into_owned(),
    ]
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn covers(covers: Option<Covers>) -> String {
    let name = covers.map(|covers| match covers {
        Covers::SeedsAndQueries => "seeds_and_queries",
        Covers::Seeds => "seeds",
        Covers::Queries => "queries",
    });
    name.unwrap_or_default().to_owned()
}
