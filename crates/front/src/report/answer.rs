//! The sentence that a report opens with. It says no more than the intervals do.

use clip_lab_stats::{Covers, Estimate};
use clip_lab_store::Goal;

use crate::compare::{
    Report,
    cells::{Cells, cells},
    notes::{list, quoted},
    report::{Row, Table},
};

/// What the numbers allow to say of an arm against the reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Marked, and in the good direction.
    Better,
    /// Marked, and in the bad direction.
    Worse,
    /// Marked, of a metric without a good direction.
    Other,
    /// Zero is outside of the interval, but too many were compared.
    Uncorrected,
    /// Zero is outside of the interval, which is over the queries of one seed.
    OneSeed,
    /// Zero is inside.
    Open,
    /// Zero is inside of an interval over the queries of one seed.
    OpenOneSeed,
    /// Every seed gave what it gave the reference.
    Same,
    /// There is no interval.
    Bare,
    /// There is no run.
    Missing,
}

const ORDER: [Verdict; 10] = [
    Verdict::Better,
    Verdict::Worse,
    Verdict::Other,
    Verdict::Uncorrected,
    Verdict::OneSeed,
    Verdict::Open,
    Verdict::OpenOneSeed,
    Verdict::Same,
    Verdict::Bare,
    Verdict::Missing,
];

/// The answer by the first metric.
pub fn answer(report: &Report) -> String {
    let Some(table) = report.tables.first() else { return "Nothing was measured.".to_owned() };
    let cells = cells(table);
    if let ([row], [shown]) = (&table.rows[..], &cells[..]) {
        return alone(table, row, shown);
    }
    let others: Vec<(&Row, &Cells)> =
        table.rows.iter().zip(&cells).filter(|(row, _)| !row.is_reference).collect();
    let clauses = ORDER.iter().filter_map(|verdict| {
        let of = others.iter().filter(|(row, _)| judge(row, table) == *verdict);
        let names: Vec<String> = of.map(|(_, cells)| named(cells)).collect();
        (!names.is_empty()).then(|| clause(*verdict, &names, &report.reference, table))
    });
    format!("By {}, {}.", table.metric, clauses.collect::<Vec<_>>().join("; "))
}

fn judge(row: &Row, table: &Table) -> Verdict {
    let same = |base: &Row| base.is_reference && base.seeds == row.seeds && base.values == row.values;
    let Some(found) = &row.difference else { return Verdict::Missing };
    let Estimate { value, interval, covers, .. } = found.estimate;
    match (interval, table.goal) {
        (None, _) if table.rows.iter().any(same) => Verdict::Same,
        (None, _) => Verdict::Bare,
        (Some(interval), _) if interval.holds(0.0) => {
            if covers == Some(Covers::Queries) {
                Verdict::OpenOneSeed
            } else {
                Verdict::Open
            }
        }
        _ if covers == Some(Covers::Queries) => Verdict::OneSeed,
        _ if !row.is_marked() => Verdict::Uncorrected,
        (_, Goal::None) => Verdict::Other,
        (_, Goal::Up) if value > 0.0 => Verdict::Better,
        (_, Goal::Down) if value < 0.0 => Verdict::Better,
        _ => Verdict::Worse,
    }
}

/// `` `lit` (+0.021 [0.002, 0.044], p 0.034) ``
fn named(cells: &Cells) -> String {
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
        Verdict::Other => format!("{names} {} from {reference}", if one { "differs" } else { "differ" }),
        Verdict::Uncorrected => {
            let tests = table.rows.iter().filter(|row| row.difference.is_some()).count();
            let after = if tests > 1 { " after Holm's correction" } else { "" };
            format!("{names} {is} apart from {reference} by the interval, but not by the test{after}")
        }
        Verdict::OneSeed => format!(
            "{names} {is} apart from {reference} on these queries, but an interval over the queries of one seed does \
             not cover training: another seed may move the difference by more"
        ),
        Verdict::Open | Verdict::OpenOneSeed => {
            let interval = if one { "the interval" } else { "each interval" };
            let but = match verdict {
                Verdict::OpenOneSeed => ", and over the queries of one seed it does not cover training",
                _ => "",
            };
            format!("{names} {has} no difference to {reference} that is shown: {interval} includes zero{but}")
        }
        Verdict::Same => format!("{names} gave what {reference} gave with every seed"),
        Verdict::Bare => format!("of {names} against {reference} nothing is known of the error"),
        Verdict::Missing => format!("{names} cannot be compared with {reference}"),
    }
}

fn alone(table: &Table, row: &Row, cells: &Cells) -> String {
    let words = match row.mean.and_then(|mean| mean.covers) {
        Some(Covers::SeedsAndQueries) => format!(" over {} seeds and the queries", row.seeds.len()),
        Some(Covers::Seeds) => format!(" over {} seeds", row.seeds.len()),
        Some(Covers::Queries) => {
            " over the queries of one seed, which does not cover training: another seed may move it by more"
                .to_owned()
        }
        None => ", and nothing is known of its error".to_owned(),
    };
    format!("{} reaches {} in {}{words}.", quoted(&cells.arm), cells.mean, table.metric)
}
