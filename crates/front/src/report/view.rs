//! The comparison's tables as they stand on the page and in Markdown.

use clip_lab_board::PAPER;

use super::runs::thousands;
use crate::compare::{
    Report,
    cells::{Cells, arrow, cells, decimals},
    legend::legend,
    report::{McNemarSeed, Row, Table},
};

/// A table of the comparison.
pub struct TableView {
    /// The metric, with an arrow towards better.
    pub title: String,
    /// Its lines.
    pub rows: Vec<RowView>,
    /// Sentences below.
    pub notes: Vec<String>,
    /// Queries that only one of two arms has right.
    pub discordant: Vec<Discordant>,
    /// How many queries were ranked; empty where they were not kept.
    pub queries: String,
    /// The value of every seed.
    pub seeds: Seeds,
}

/// Values by seed.
pub struct Seeds {
    /// The seeds of all arms, in rising order.
    pub heads: Vec<u64>,
    /// Arms with their values, a dash for a seed that they lack.
    pub rows: Vec<(String, Vec<String>)>,
}

/// A line of a table.
pub struct RowView {
    /// The arm.
    pub arm: String,
    /// The number of its colour in every drawing.
    pub colour: usize,
    /// Whether the others are compared with it.
    pub is_reference: bool,
    /// Whether the difference is marked.
    pub is_marked: bool,
    /// What is shown, and the number behind it, to sort by.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
pub struct Cell {
    /// Its column.
    pub name: &'static str,
    /// What is shown.
    pub text: String,
    /// The number behind it, to the last digit; empty where there is none.
    pub value: String,
}

/// Queries that only one of two arms has right, seed by seed.
pub struct Discordant {
    /// The arm.
    pub arm: String,
    /// The seeds.
    pub seeds: String,
    /// Right in the arm alone.
    pub arm_only: String,
    /// Right in the reference alone.
    pub reference_only: String,
}

impl TableView {
    /// The view of a table.
    pub fn of(report: &Report, table: &Table) -> TableView {
        let rows = table.rows.iter().zip(cells(table)).enumerate();
        TableView {
            title: format!("{}{}", table.metric, arrow(table)),
            rows: rows.map(|(at, (row, cells))| RowView::of(at, row, cells)).collect(),
            notes: legend(report, table).into_iter().chain(table.notes.clone()).map(sentence).collect(),
            discordant: table.rows.iter().filter_map(discordant).collect(),
            queries: queries(table),
            seeds: Seeds::of(table),
        }
    }

    /// The headings of the numbers.
    pub fn heads(&self) -> [&'static str; 8] {
        ["Seeds", "Mean [95%]", "Difference [95%]", "p", "McNemar p", "Samples", "FLOPs", "Time"]
    }
}

impl RowView {
    fn of(at: usize, row: &Row, cells: Cells) -> RowView {
        let difference = row.difference.as_ref();
        let of = |name, text: String, value: Option<f64>| Cell {
            name,
            text,
            value: value.map_or_else(String::new, |value| value.to_string()),
        };
        let all = vec![
            of("seeds", cells.seeds, Some(row.seeds.len() as f64)),
            of("mean", cells.mean, row.mean.map(|mean| mean.value)),
            of("difference", cells.difference, difference.map(|found| found.estimate.value)),
            of("p_holm", cells.p, difference.and_then(|found| found.p_holm)),
            of("mcnemar", cells.mcnemar, row.mcnemar.as_ref().map(|found| found.p_holm)),
            of("samples", cells.samples, row.cost.samples),
            of("flops", cells.flops, row.cost.flops),
            of("seconds", cells.time, row.cost.seconds),
        ];
        RowView {
            arm: cells.arm,
            colour: at % PAPER.len(),
            is_reference: row.is_reference,
            is_marked: row.is_marked(),
            cells: all,
        }
    }
}

impl Seeds {
    fn of(table: &Table) -> Seeds {
        let mut heads: Vec<u64> = table.rows.iter().flat_map(|row| row.seeds.clone()).collect();
        heads.sort_unstable();
        heads.dedup();
        let decimals = decimals(table);
        let cell = |row: &Row, seed: &u64| {
            let value = row.seeds.iter().position(|known| known == seed).and_then(|at| row.values.get(at));
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
        };
        let line = |row: &Row| (row.arm.clone(), heads.iter().map(|seed| cell(row, seed)).collect());
        let rows = table.rows.iter().map(line).collect();
        Seeds { heads, rows }
    }

    /// Whether there is more to tell than the means do.
    pub fn tell(&self) -> bool {
        self.heads.len() > 1
    }
}

/// `1,000 queries`, or how few and how many where arms differ.
fn queries(table: &Table) -> String {
    let counts = || table.rows.iter().filter_map(|row| row.queries.map(|queries| queries as u64));
    match (counts().min(), counts().max()) {
        (Some(1), Some(1)) => "1 query".to_owned(),
        (Some(few), Some(many)) if few == many => format!("{} queries", thousands(many)),
        (Some(few), Some(many)) => format!("{} to {} queries", thousands(few), thousands(many)),
        _ => String::new(),
    }
}

fn discordant(row: &Row) -> Option<Discordant> {
    let seeds = &row.mcnemar.as_ref()?.seeds;
    let all = |of: fn(&McNemarSeed) -> u64| {
        seeds.iter().map(|seed| of(seed).to_string()).collect::<Vec<_>>().join(", ")
    };
    Some(Discordant {
        arm: row.arm.clone(),
        seeds: all(|seed| seed.seed),
        arm_only: all(|seed| seed.only.first),
        reference_only: all(|seed| seed.only.second),
    })
}

/// With a full stop.
pub fn sentence(words: String) -> String {
    if words.ends_with('.') { words } else { words + "." }
}

/// The parts of a sentence, and whether each stands between backticks. A sentence with a single one has none.
pub fn code(words: &str) -> Vec<(&str, bool)> {
    let parts: Vec<&str> = words.split('`').collect();
    match parts.len() % 2 {
        1 => parts.into_iter().enumerate().map(|(at, part)| (part, at % 2 == 1)).collect(),
        _ => vec![(words, false)],
    }
}
