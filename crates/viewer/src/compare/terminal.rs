//! The comparison as text.

use clip_lab_chart::{
    table::table,
    text::{Column, clean, width, wrap},
};

use super::{
    cells::{Cells, arrow, cells},
    legend::legend,
    report::{Report, Table},
};

/// The longest line of prose, however wide the terminal.
const MAX_LINE: usize = 100;
/// Spaces between columns.
const GAP: usize = 2;

/// A column: its heading and its cell.
type TableColumn = (&'static str, fn(&Cells) -> &String);

impl Report {
    /// The whole report, in at most `width` columns if possible.
    pub fn to_text(&self, width: usize) -> String {
        let tables = self.tables.iter().map(|table| table_text(self, table, width));
        tables.collect::<Vec<_>>().join("\n") + &overall(self, width)
    }

    /// The notes and warnings without the tables.
    pub fn remarks(&self, width: usize) -> String {
        let notes = self.tables.iter().flat_map(|table| table.notes.iter().map(|note| sentence(note, width)));
        notes.collect::<String>() + &overall(self, width)
    }
}

fn table_text(report: &Report, table: &Table, width: usize) -> String {
    let study = report.study.as_ref().map_or_else(String::new, |study| format!("{}: ", clean(study)));
    let mut out =
        format!("{study}{}{}\n\n{}\n", clean(&table.metric), arrow(table), body(&cells(table), width));
    for note in legend(report, table).iter().chain(&table.notes) {
        out += &sentence(note, width);
    }
    out
}

/// Warnings, and runs that do not count.
fn overall(report: &Report, width: usize) -> String {
    let mut out: String =
        report.warnings.iter().map(|warning| sentence(&format!("Warning: {warning}"), width)).collect();
    if !report.not_counted.is_empty() {
        out += "\nNot counted\n";
        out += &report.not_counted.iter().map(|line| indented(line, width)).collect::<String>();
    }
    out
}

/// One table if it fits, else a second one below for the cost.
fn body(cells: &[Cells], width_limit: usize) -> String {
    let results: [TableColumn; 4] = [
        ("SEEDS", |cells| &cells.seeds),
        ("MEAN [95%]", |cells| &cells.mean),
        ("DIFFERENCE [95%]", |cells| &cells.difference),
        ("P", |cells| &cells.p),
    ];
    let cost: [TableColumn; 4] = [
        ("MCNEMAR P", |cells| &cells.mcnemar),
        ("SAMPLES", |cells| &cells.samples),
        ("FLOPS", |cells| &cells.flops),
        ("TIME", |cells| &cells.time),
    ];
    let whole = [results, cost].concat();
    if full_width(cells, &whole) <= width_limit {
        return lines(cells, &whole, width_limit);
    }
    format!("{}\n{}", lines(cells, &results, width_limit), lines(cells, &cost, width_limit))
}

/// The width of a table without truncation.
fn full_width(cells: &[Cells], columns: &[TableColumn]) -> usize {
    let widest =
        |head: &str, of: &dyn Fn(&Cells) -> usize| cells.iter().map(of).max().unwrap_or(0).max(width(head));
    let arm = widest("ARM", &|cells| width(&cells.arm));
    arm + columns.iter().map(|(head, of)| GAP + widest(head, &|cells| width(of(cells)))).sum::<usize>()
}

fn lines(cells: &[Cells], columns: &[TableColumn], width_limit: usize) -> String {
    let arm = Column::text("ARM", 0, 12);
    let empty = |of: &dyn Fn(&Cells) -> &String| cells.iter().all(|cells| of(cells).is_empty());
    let shown: Vec<_> = columns.iter().filter(|(_, of)| !empty(of)).collect();
    // Left-align estimates, so that their values line up.
    let head = |head: &str| match head.contains('[') {
        true => Column::text(head, 0, usize::MAX),
        false => Column::number(head, 0),
    };
    let heads: Vec<Column> = std::iter::once(arm).chain(shown.iter().map(|(text, _)| head(text))).collect();
    let row = |cells: &Cells| {
        std::iter::once(cells.arm.clone()).chain(shown.iter().map(|(_, of)| of(cells).clone())).collect()
    };
    let rows: Vec<Vec<String>> = cells.iter().map(row).collect();
    table(&heads, &rows, width_limit)
}

fn sentence(text: &str, width_limit: usize) -> String {
    let text = clean(text);
    let dot = if text.ends_with('.') { "" } else { "." };
    wrap(&format!("{text}{dot}"), width_limit.min(MAX_LINE)).join("\n") + "\n"
}

fn indented(text: &str, width_limit: usize) -> String {
    let lines = wrap(&clean(text), width_limit.min(MAX_LINE).saturating_sub(4));
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("{}{line}\n", if at == 0 { "  " } else { "    " }))
        .collect()
}
