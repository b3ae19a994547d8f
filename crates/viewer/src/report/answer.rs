//! The first sentence of a report. It claims no more than the intervals support.

use clip_lab_stats::{Covers, Estimate};
use clip_lab_store::Goal;

use crate::compare::{
    Report,
    cells::{Cells, cells},
    notes::{list, quoted},
    report::{Row, Table},
};

/// The conclusion on an arm compared with the reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Significant, in the better direction.
    Better,
    /// Significant, in the worse direction.
    Worse,
    /// Significant, for a metric without a direction.
    Different,
    /// The interval excludes zero, but the corrected p-value is too large.
    Uncorrected,
    /// The interval excludes zero, but only covers the queries of one seed.
    OneSeed,
    /// The interval includes zero.
    Inconclusive,
    /// The interval includes zero, and only covers the queries of one seed.
    InconclusiveOneSeed,
    /// Equal values with every seed.
    Same,
    /// No interval.
    NoInterval,
    /// No run.
    Missing,
}

const ORDER: [Verdict; 10] = [
    Verdict::Better,
    Verdict::Worse,
    Verdict::Different,
    Verdict::Uncorrected,
    Verdict::OneSeed,
    Verdict::Inconclusive,
    Verdict::InconclusiveOneSeed,
    Verdict::Same,
    Verdict::NoInterval,
    Verdict::Missing,
];

/// The answer by the first metric.
pub fn answer(report: &Report) -> String {
    let Some(table) = report.tables.first() else { return "No metric was compared.".to_owned() };
    let cells = cells(table);
    if let ([row], [shown]) = (&table.rows[..], &cells[..]) {
        return single_arm(table, row, shown);
    }
    let others: Vec<(&Row, &Cells)> =
        table.rows.iter().zip(&cells).filter(|(row, _)| !row.is_reference).collect();
    let clauses = ORDER.iter().filter_map(|verdict| {
        let of = others.iter().filter(|(row, _)| verdict_of(row, table) == *verdict);
        let names: Vec<String> = of.map(|(_, cells)| with_numbers(cells)).collect();
        (!names.is_empty()).then(|| clause(*verdict, &names, &report.reference, table))
    });
    format!("By {}, {}.", table.metric, clauses.collect::<Vec<_>>().join("; "))
}

fn verdict_of(row: &Row, table: &Table) -> Verdict {
    let same = |base: &Row| base.is_reference && base.seeds == row.seeds && base.values == row.values;
    let Some(found) = &row.difference else { return Verdict::Missing };
    let Estimate { value, interval, covers, .. } = found.estimate;
    match (interval, table.goal) {
        (None, _) if table.rows.iter().any(same) => Verdict::Same,
        (None, _) => Verdict::NoInterval,
        (Some(interval), _) if interval.holds(0.0) => {
            if covers == Some(Covers::Queries) {
                Verdict::InconclusiveOneSeed
            } else {
                Verdict::Inconclusive
            }
        }
        _ if covers == Some(Covers::Queries) => Verdict::OneSeed,
        _ if !row.is_significant() => Verdict::Uncorrected,
        (_, Goal::None) => Verdict::Different,
        (_, Goal::Up) if value > 0.0 => Verdict::Better,
        (_, Goal::Down) if value < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    }
}

/// `` `lit` (+0.021 [0.002, 0.044], p 0.034) ``
fn with_numbers(cells: &Cells) -> String {
    let p = cells.p.trim_end_matches(['*', ' ']);
    let p = if p.is_empty() { String::new() } else { format!(", p {p}") };
    let found =
        if cells.difference.is_empty() { String::new() } else { format!(" ({}{p})", cells.difference) };
    format!("{}{found}", quoted(&cells.arm))
}

fn clause(verdict: Verdict, names: &[String], reference: &str, table: &Table) -> String {
    let (names, one) = (list(names), names.len() == 1);
    let (is, has) = if one { ("is", "has") } else { ("are", "have") };
    let reference = quoted(reference);
    match verdict {
        Verdict::Better => format!("{names} {is} better than {reference}"),
        Verdict::Worse => format!("{names} {is} worse than {reference}"),
        Verdict::Different => format!("{names} {} from {reference}", if one { "differs" } else { "differ" }),
        Verdict::Uncorrected => {
            let tests = table.rows.iter().filter(|row| row.difference.is_some()).count();
            let after = if tests > 1 { " after Holm's correction" } else { "" };
            format!("{names} {is} different from {reference} by the interval, but not by the test{after}")
        }
        Verdict::OneSeed => format!(
            "{names} {is} different from {reference} on these queries, but an interval over the queries of one seed does \
             not cover training: another seed may change the difference by more"
        ),
        Verdict::Inconclusive | Verdict::InconclusiveOneSeed => {
            let interval = if one { "the interval" } else { "each interval" };
            let but = match verdict {
                Verdict::InconclusiveOneSeed => ", and covers the queries of one seed, not training",
                _ => "",
            };
            let does = if one { "does" } else { "do" };
            format!("{names} {does} not differ significantly from {reference}: {interval} includes zero{but}")
        }
        Verdict::Same => format!("{names} {has} the same values as {reference} with every seed"),
        Verdict::NoInterval => {
            format!("the error of the difference between {names} and {reference} is unknown")
        }
        Verdict::Missing => format!("{names} cannot be compared with {reference}"),
    }
}

fn single_arm(table: &Table, row: &Row, cells: &Cells) -> String {
    let scope = match row.mean.and_then(|mean| mean.covers) {
        Some(Covers::SeedsAndQueries) => format!(" over {} seeds and the queries", row.seeds.len()),
        Some(Covers::Seeds) => format!(" over {} seeds", row.seeds.len()),
        Some(Covers::Queries) => {
            " over the queries of one seed, which does not cover training: another seed may change it by more"
                .to_owned()
        }
        None => ", with an unknown error".to_owned(),
    };
    format!("{} reaches {} in {}{scope}.", quoted(&cells.arm), cells.mean, table.metric)
}
