//! The legend of a table.

use clip_lab_stats::Covers;

use super::report::{Report, SIGNIFICANCE_LEVEL, Table};

/// Sentences below a table that explain what it shows.
pub fn legend(report: &Report, table: &Table) -> Vec<String> {
    let differences = table.rows.iter().filter_map(|row| row.difference.as_ref());
    let tested = differences.clone().filter(|found| found.p_holm.is_some()).count();
    let estimates =
        differences.map(|found| found.estimate).chain(table.rows.iter().filter_map(|row| row.mean));
    let mut covers: Vec<Covers> = estimates.filter_map(|found| found.covers).collect();
    covers.sort_by_key(|covers| *covers as u8);
    covers.dedup();
    let mut lines = Vec::new();
    if !covers.is_empty() {
        let each: Vec<String> = covers.iter().map(|covers| over(*covers, report.draws)).collect();
        lines.push(format!("95% intervals are over {}", each.join("; ")));
    }
    if tested > 0 {
        let mcnemar =
            if table.rows.iter().any(|row| row.mcnemar.is_some()) { " and McNemar's exact p" } else { "" };
        let times = if tested == 1 { "1 comparison".to_owned() } else { format!("{tested} comparisons") };
        lines.push(format!("P{mcnemar}: two-sided, after Holm's correction for {times}{}", star(table)));
    }
    lines
}

fn over(covers: Covers, draws: usize) -> String {
    match covers {
        Covers::SeedsAndQueries => format!("seeds and queries ({draws} draws of both)"),
        Covers::Seeds => "seeds only (Student's t) if outcomes per query are unknown".to_owned(),
        Covers::Queries => format!("queries only ({draws} draws) if there is one seed"),
    }
}

fn star(table: &Table) -> String {
    let marked = table.rows.iter().any(super::report::Row::is_significant);
    if marked { format!("; * below {SIGNIFICANCE_LEVEL}") } else { String::new() }
}
