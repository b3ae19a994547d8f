//! The comparison as Markdown.

use clip_lab_escape::{code, markdown as escape};

use super::{
    cells::{Cells, arrow, cells},
    legend::legend,
    report::{Report, Table},
};

impl Report {
    /// A Markdown table for each metric with its notes, then warnings and runs that do not count.
    pub fn to_markdown(&self) -> String {
        let tables: String = self.tables.iter().map(|table| table_markdown(self, table)).collect();
        let overall = self.warnings.iter().map(|warning| format!("warning: {warning}"));
        let left = self.not_counted.iter().map(|line| format!("not counted: {line}"));
        tables + &overall.chain(left).map(|line| format!("- {}\n", escape(&line))).collect::<String>()
    }
}

/// A table with its notes.
pub fn table_markdown(report: &Report, table: &Table) -> String {
    let study = report.study.as_ref().map_or_else(String::new, |study| format!("{}: ", escape(study)));
    let mut out = format!("**{study}{}{}**\n\n", code(&table.metric), arrow(table));
    out += "| arm | seeds | mean [95%] | difference [95%] | p | McNemar p | samples | FLOPs | time |\n";
    out += "|---|--:|---|---|--:|--:|--:|--:|--:|\n";
    for (cells, row) in cells(table).iter().zip(&table.rows) {
        out += &line(cells, row.is_significant());
    }
    out.push('\n');
    let notes = legend(report, table).into_iter().chain(table.notes.iter().cloned());
    out + &notes.map(|note| format!("- {}\n", escape(&note))).collect::<String>() + "\n"
}

/// A significant difference is bold; one of a single seed never is.
fn line(cells: &Cells, significant: bool) -> String {
    let difference = if significant { format!("**{}**", cells.difference) } else { cells.difference.clone() };
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
