//! The tables of the comparison, for the page and for Markdown.

use clip_lab_chart::PAPER;
use clip_lab_escape::thousands;

use crate::compare::{
    Report,
    cells::{Cells, arrow, cells, decimals},
    legend::legend,
    report::{McNemarSeed, Row, Table},
};

/// A table of the comparison.
pub struct TableView {
    /// The metric, with an arrow towards the better direction.
    pub title: String,
    /// The rows.
    pub rows: Vec<RowView>,
    /// The notes below.
    pub notes: Vec<String>,
    /// Queries that only one of two arms answers correctly.
    pub discordant: Vec<Discordant>,
    /// The number of ranked queries; empty if unknown.
    pub queries: String,
    /// The values by seed.
    pub seeds: Seeds,
}

/// Values by seed.
pub struct Seeds {
    /// The seeds of all arms, ascending.
    pub heads: Vec<u64>,
    /// Arms with their values, with a dash for a missing seed.
    pub rows: Vec<(String, Vec<String>)>,
}

/// A row of a table.
pub struct RowView {
    /// The arm.
    pub arm: String,
    /// The index of its colour in all drawings.
    pub colour: usize,
    /// Whether it is the reference.
    pub is_reference: bool,
    /// Whether the difference is significant.
    pub is_significant: bool,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
pub struct Cell {
    /// The column.
    pub name: &'static str,
    /// The text.
    pub text: String,
    /// The number in full precision, for sorting; empty if there is none.
    pub value: String,
}

/// Queries that only one of two arms answers correctly, by seed.
pub struct Discordant {
    /// The arm.
    pub arm: String,
    /// The seeds.
    pub seeds: String,
    /// Correct only in the arm.
    pub arm_only: String,
    /// Correct only in the reference.
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

    /// The headings of the numeric columns.
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
            is_significant: row.is_significant(),
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
            let value = row.seeds.iter().position(|other| other == seed).and_then(|at| row.values.get(at));
            value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
        };
        let line = |row: &Row| (row.arm.clone(), heads.iter().map(|seed| cell(row, seed)).collect());
        let rows = table.rows.iter().map(line).collect();
        Seeds { heads, rows }
    }

    /// Whether there is more than one seed.
    pub fn are_several(&self) -> bool {
        self.heads.len() > 1
    }
}

/// `1,000 queries`, or a range if arms differ.
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

/// Adds a full stop.
pub fn sentence(text: String) -> String {
    if text.ends_with('.') { text } else { text + "." }
}

/// The parts of a sentence, and whether each is inline code, by the rules of Markdown. Backticks that are not closed are
/// plain text.
pub fn code(text: &str) -> Vec<(&str, bool)> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some([before, span, after]) = code_span(rest) {
        parts.extend([(before, false), (span, true)]);
        rest = after;
    }
    parts.push((rest, false));
    parts
}

/// The first inline code of a text, with the text before and after it.
fn code_span(text: &str) -> Option<[&str; 3]> {
    let backticks = |from: usize| text[from..].len() - text[from..].trim_start_matches('`').len();
    let start = text.find('`')?;
    let begin = start + backticks(start);
    let mut from = begin;
    loop {
        let end = from + text[from..].find('`')?;
        let after = end + backticks(end);
        if after - end == begin - start {
            let span = &text[begin..end];
            let padded = span.strip_prefix(' ').and_then(|span| span.strip_suffix(' '));
            return Some([&text[..start], padded.unwrap_or(span), &text[after..]]);
        }
        from = after;
    }
}

#[cfg(test)]
mod tests {
    use super::code;
    use crate::compare::notes::quoted;

    #[test]
    fn names_with_backticks_are_one_piece_of_code() {
        for name in ["lit", "a`b", "`a`", "``", "a``b`c"] {
            let sentence = format!("By x, {} is better than {}.", quoted(name), quoted("clip"));
            let parts =
                [("By x, ", false), (name, true), (" is better than ", false), ("clip", true), (".", false)];
            assert_eq!(code(&sentence), parts, "{sentence}");
        }
        assert_eq!(code("not `closed"), [("not `closed", false)]);
    }
}
