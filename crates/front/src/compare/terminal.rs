//! The comparison on a terminal or in a pipe.

use clip_lab_board::{
    table::table,
    text::{Column, clean, width, wrap},
};

use super::{
    cells::{Cells, arrow, cells},
    legend::legend,
    report::{Report, Table},
};

/// Lines of words are no longer than this, however wide the terminal.
const LONGEST: usize = 100;
/// Blanks between columns.
const GAP: usize = 2;

/// A column: its heading, and which cell stands in it.
type Shown = (&'static str, fn(&Cells) -> &String);

impl Report {
    /// Everything found, in at most `width` columns where that can be.
    pub fn to_text(&self, width: usize) -> String {
        let tables = self.tables.iter().map(|table| one(self, table, width));
        tables.collect::<Vec<_>>().join("\n") + &overall(self, width)
    }

    /// The words without the tables.
    pub fn remarks(&self, width: usize) -> String {
        let notes = self.tables.iter().flat_map(|table| table.notes.iter().map(|note| sentence(note, width)));
        notes.collect::<String>() + &overall(self, width)
    }
}

fn one(report: &Report, table: &Table, width: usize) -> String {
    let study = report.study.as_ref().map_or_else(String::new, |study| format!("{}: ", clean(study)));
    let mut out =
        format!("{study}{}{}\n\n{}\n", clean(&table.metric), arrow(table), body(&cells(table), width));
    for note in legend(report, table).iter().chain(&table.notes) {
        out += &sentence(note, width);
    }
    out
}

/// What is known of the comparison as a whole.
fn overall(report: &Report, width: usize) -> String {
    let mut out: String =
        report.warnings.iter().map(|warning| sentence(&format!("Warning: {warning}"), width)).collect();
    if !report.not_counted.is_empty() {
        out += "\nNot counted\n";
        out += &report.not_counted.iter().map(|line| indented(line, width)).collect::<String>();
    }
    out
}

/// One table where it fits, else what the training took in a second one below.
fn body(cells: &[Cells], room: usize) -> String {
    let judged: [Shown; 4] = [
        ("SEEDS", |cells| &cells.seeds),
        ("MEAN [95%]", |cells| &cells.mean),
        ("DIFFERENCE [95%]", |cells| &cells.difference),
        ("P", |cells| &cells.p),
    ];
    let taken: [Shown; 4] = [
        ("MCNEMAR P", |cells| &cells.mcnemar),
        ("SAMPLES", |cells| &cells.samples),
        ("FLOPS", |cells| &cells.flops),
        ("TIME", |cells| &cells.time),
    ];
    let whole = [judged, taken].concat();
    if natural(cells, &whole) <= room {
        return lines(cells, &whole, room);
    }
    format!("{}\n{}", lines(cells, &judged, room), lines(cells, &taken, room))
}

/// Columns that a table takes when nothing is cut.
fn natural(cells: &[Cells], columns: &[Shown]) -> usize {
    let widest =
        |head: &str, of: &dyn Fn(&Cells) -> usize| cells.iter().map(of).max().unwrap_or(0).max(width(head));
    let arm = widest("ARM", &|cells| width(&cells.arm));
    arm + columns.iter().map(|(head, of)| GAP + widest(head, &|cells| width(of(cells)))).sum::<usize>()
}

fn lines(cells: &[Cells], columns: &[Shown], room: usize) -> String {
    let arm = Column::words("ARM", 0, 12);
    let empty = |of: &dyn Fn(&Cells) -> &String| cells.iter().all(|cells| of(cells).is_empty());
    let shown: Vec<_> = columns.iter().filter(|(_, of)| !empty(of)).collect();
    // Estimates begin at the left, so that their first numbers stand below each other.
    let head = |head: &str| match head.contains('[') {
        true => Column::words(head, 0, usize::MAX),
        false => Column::numbers(head, 0),
    };
    let heads: Vec<Column> = std::iter::once(arm).chain(shown.iter().map(|(text, _)| head(text))).collect();
    let row = |cells: &Cells| {
        std::iter::once(cells.arm.clone()).chain(shown.iter().map(|(_, of)| of(cells).clone())).collect()
    };
    let rows: Vec<Vec<String>> = cells.iter().map(row).collect();
    table(&heads, &rows, room)
}

fn sentence(words: &str, room: usize) -> String {
    let words = clean(words);
    let dot = if words.ends_with('.') { "" } else { "." };
    wrap(&format!("{words}{dot}"), room.min(LONGEST)).join("\n") + "\n"
}

fn indented(words: &str, room: usize) -> String {
    let lines = wrap(&clean(words), room.min(LONGEST).saturating_sub(4));
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("{}{line}\n", if at == 0 { "  " } else { "    " }))
        .collect()
}
