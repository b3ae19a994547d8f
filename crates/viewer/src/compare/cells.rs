//! Formats the numbers of tables.

use clip_lab_chart::figure::{number, span};
use clip_lab_stats::{Estimate, Interval};

use super::report::{Cost, Row, Table};

/// The formatted cells of a row.
pub struct Cells {
    /// The arm: `clip`.
    pub arm: String,
    /// The number of seeds.
    pub seeds: String,
    /// The mean with its interval: `0.312 [0.290, 0.334]`.
    pub mean: String,
    /// The difference with its interval: `+0.021 [-0.002, 0.044]`, or `reference`.
    pub difference: String,
    /// The p-value after Holm's correction: `0.034`.
    pub p: String,
    /// The p-value of McNemar's test after Holm's correction.
    pub mcnemar: String,
    /// Samples seen: `12.8k`.
    pub samples: String,
    /// Training FLOPs: `1.2T`.
    pub flops: String,
    /// Time: `12m05s`.
    pub time: String,
}

/// The rows of a table.
pub fn cells(table: &Table) -> Vec<Cells> {
    let decimals = decimals(table);
    let mut cells: Vec<Cells> = table.rows.iter().map(|row| Cells::of(row, decimals)).collect();
    // If some p-values have a star, pad the others.
    if table.rows.iter().any(Row::is_significant) {
        let tested = cells.iter_mut().zip(&table.rows).filter(|(cells, _)| !cells.p.is_empty());
        for (cells, row) in tested {
            cells.p.push(if row.is_significant() { '*' } else { ' ' });
        }
    }
    cells
}

impl Cells {
    fn of(row: &Row, decimals: usize) -> Cells {
        let difference = match &row.difference {
            Some(found) => estimate(&found.estimate, decimals, true),
            None if row.is_reference => "reference".to_owned(),
            None => String::new(),
        };
        let Cost { samples, flops, seconds } = row.cost;
        Cells {
            arm: row.arm.clone(),
            seeds: row.seeds.len().to_string(),
            mean: row.mean.map_or_else(String::new, |mean| estimate(&mean, decimals, false)),
            difference,
            p: probability(row.difference.as_ref().and_then(|found| found.p_holm)),
            mcnemar: probability(row.mcnemar.as_ref().map(|found| found.p_holm)),
            samples: samples.map_or_else(String::new, number),
            flops: flops.map_or_else(String::new, number),
            time: seconds.map_or_else(String::new, span),
        }
    }
}

/// The number of decimals: two significant digits of the half-width of the narrowest interval.
pub fn decimals(table: &Table) -> usize {
    let differences = table.rows.iter().filter_map(|row| row.difference.as_ref()).map(|found| found.estimate);
    let estimates: Vec<Estimate> = table.rows.iter().filter_map(|row| row.mean).chain(differences).collect();
    let half = |interval: Interval| (interval.high - interval.low) / 2.0;
    let narrowest = estimates.iter().filter_map(|found| found.interval).map(half).filter(|half| *half > 0.0);
    let largest = estimates.iter().map(|found| found.value.abs()).fold(0.0, f64::max);
    // Without intervals, four significant digits of the largest number.
    let digits = match narrowest.min_by(f64::total_cmp) {
        Some(half) => 1.0 - half.log10().floor(),
        None => 3.0 - largest.max(1e-9).log10().floor(),
    };
    digits.clamp(0.0, if largest < 0.01 { 9.0 } else { 4.0 }) as usize
}

fn estimate(found: &Estimate, decimals: usize, signed: bool) -> String {
    let value = match signed {
        true => format!("{:+.decimals$}", found.value),
        false => format!("{:.decimals$}", found.value),
    };
    match found.interval {
        Some(Interval { low, high }) => format!("{value} [{low:.decimals$}, {high:.decimals$}]"),
        None => value,
    }
}

/// A p-value, or an empty cell.
fn probability(p: Option<f64>) -> String {
    match p {
        None => String::new(),
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
    }
}

/// An arrow towards the better direction.
pub fn arrow(table: &Table) -> &'static str {
    match table.goal {
        clip_lab_store::Goal::Up => " ↑",
        clip_lab_store::Goal::Down => " ↓",
        clip_lab_store::Goal::None => "",
    }
}
