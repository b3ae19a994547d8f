//! The comparison for a README.

use clip_lab_escape::{code, markdown as escape};

use super::{
    cells::{Cells, arrow, cells},
    legend::legend,
    report::{Report, Table},
};

impl Report {
    /// A table for each metric in Markdown, then what is to be said of them.
    pub fn to_markdown(&self) -> String {
        let tables: String = self.tables.iter().map(|table| one(self, table)).collect();
        let overall = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        let left = self.not_counted.iter().map(|line| format!("not counted: {line}"));
        tables + &overall.chain(left).map(|line| format!("- {}\n", escape(&line))).collect::<String>()
    }
}

/// One table, then what is to be said of it.
pub fn one(report: &Report, table: &Table) -> String {
    let study = report.study.as_ref().map_or_else(String::new, |study| format!("{}: ", escape(study)));
    let mut out = format!("**{study}{}{}**\n\n", code(&table.metric), arrow(table));
    out += "| arm | seeds | mean [95%] | difference [95%] | p | McNemar p | samples | FLOPs | time |\n";
    out += "|---|--:|---|---|--:|--:|--:|--:|--:|\n";
    for (cells, row) in cells(table).iter().zip(&table.rows) {
        out += &line(cells, row.is_marked());
    }
    out.push('\n');
    let words = legend(report, table).into_iter().chain(table.notes.iter().cloned());
    out + &words.map(|words| format!("- {}\n", escape(&words))).collect::<String>() + "\n"
}

/// Bold is a difference that is marked, never a number of a single seed.
fn line(cells: &Cells, marked: bool) -> String {
    let difference = if marked { format!("**{}**", cells.difference) } else { cells.difference.clone() };
    let row = [
        &escape(&cells.arm),
        &cells.seeds,
        &cells.mean,
        &difference,
        &cells.p.trim_end_matches(['*', ' ']).replace('<', "&lt;"),
        &cells.mcnemar.replace('<', "&lt;"),
        &cells.samples,
        &cells.flops,
        &cells.time,
    ];
    format!("| {} |\n", row.map(String::as_str).join(" | "))
}
