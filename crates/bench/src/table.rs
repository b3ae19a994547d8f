//! Tables of the benchmarks and of their figures.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{
    bench::{Aim, Bench},
    report::{Report, Row},
};

/// Columns of the figures.
const HEADER: [&str; 6] = ["benchmark", "rival", "ours", "rival's", "ratio", "aim"];

/// Around the figures in a document.
const MARKS: [&str; 2] = ["<!-- figures: begin -->", "<!-- figures: end -->"];

/// Name, work, and rivals with their aims.
pub fn list(benches: &[Bench]) -> String {
    let width = benches.iter().map(|bench| bench.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for bench in benches {
        text += &format!("{:width$}  {} ({})\n", bench.name, bench.work, bench.unit);
        for rival in &bench.rivals {
            text += &format!("{:width$}    beside {}{}\n", "", rival.name, aim(rival.aim, ", aim "));
        }
    }
    text
}

/// For the terminal.
pub fn text(report: &Report) -> String {
    let rows: Vec<[String; 6]> = std::iter::once(HEADER.map(str::to_owned))
        .chain(report.rows.iter().map(|row| cells(row, &row.bench)))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let mut text = heading(report) + "\n\n";
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    for note in all_notes(report) {
        text += &format!("{note}\n");
    }
    text
}

/// For a document.
pub fn markdown(report: &Report) -> String {
    let mut text =
        heading(report) + ":\n\n| work | rival | ours | rival's | ratio | aim |\n|---|---|--:|--:|--:|--:|\n";
    for row in &report.rows {
        let work = format!("{} (`{}`)", row.work, row.bench);
        text += &format!("| {} |\n", cells(row, &work).map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    let notes = all_notes(report);
    if !notes.is_empty() {
        text +=
            &format!("\n{}\n", notes.iter().map(|note| format!("- {note}")).collect::<Vec<_>>().join("\n"));
    }
    text
}

/// Replaces what is between the marks of a document.
///
/// # Errors
/// If the document cannot be read or written, or lacks a mark.
pub fn write_into(document: &Path, figures: &str) -> Result<()> {
    let failed = || document.display().to_string();
    let text = fs::read_to_string(document).with_context(failed)?;
    fs::write(document, between_marks(&text, figures).with_context(failed)?).with_context(failed)
}

fn between_marks(text: &str, figures: &str) -> Result<String> {
    let (before, rest) = text.split_once(MARKS[0]).with_context(|| format!("no `{}`", MARKS[0]))?;
    let (_, after) = rest.split_once(MARKS[1]).with_context(|| format!("no `{}`", MARKS[1]))?;
    Ok(format!("{before}{}\n{}\n{}{after}", MARKS[0], figures.trim_end(), MARKS[1]))
}

fn heading(report: &Report) -> String {
    let machine = &report.machine;
    let load = machine.load.filter(|load| *load >= 0.5).map(|load| format!(", load {load} at the start"));
    let rounds = report.rows.iter().map(|row| row.ours.len()).max().unwrap_or_default();
    format!(
        "{}, {} cores{}; {} threads, {} data, {rounds} rounds{}",
        machine.cpu,
        machine.cores,
        load.unwrap_or_default(),
        report.threads,
        report.data,
        if report.quick { ", --quick" } else { "" }
    )
}

fn cells(row: &Row, first: &str) -> [String; 6] {
    let measured = |value: Option<f64>| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{} {}", number(value), row.unit))
    };
    let range = row.ratio_range.filter(|_| row.ours.len() > 1);
    let range = range.map(|(low, high)| format!(" ({low:.2} to {high:.2})"));
    let ratio = row.ratio.map(|ratio| format!("{ratio:.2}{}", range.unwrap_or_default()));
    let missed = if row.met == Some(false) { " missed" } else { "" };
    [
        first.to_owned(),
        row.rival_name.clone(),
        measured(row.ours_median),
        measured(row.rival_median),
        ratio.unwrap_or_else(|| "-".to_owned()),
        aim(row.aim, "") + missed,
    ]
}

/// The notes of all rows; one that concerns several rivals once.
fn all_notes(report: &Report) -> Vec<String> {
    let mut notes: Vec<String> = report.rows.iter().flat_map(notes).collect();
    notes.dedup();
    notes
}

/// What a table has no column for.
fn notes(row: &Row) -> Vec<String> {
    let agreement = row.agreement.as_ref().map(|agreement| {
        let verdict = if agreement.good() { "within" } else { "NOT within" };
        let (what, difference, tolerance) = (&agreement.what, agreement.difference, agreement.tolerance);
        format!("{}: {what} differ by at most {difference:.1e}, {verdict} {tolerance:.0e}", row.bench)
    });
    let note = row.note.as_ref().map(|note| format!("{}: {}", row.bench, note.replace('\n', "; ")));
    agreement.into_iter().chain(note).collect()
}

fn aim(aim: Option<Aim>, before: &str) -> String {
    match aim {
        None => String::new(),
        Some(Aim { at_least, at_most: None }) => format!("{before}>= {at_least}"),
        Some(Aim { at_least, at_most: Some(at_most) }) => format!("{before}{at_least} to {at_most}"),
    }
}

/// Three significant digits or more.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        Agreed,
        tests::{bench, report, row},
    };

    #[test]
    fn a_list_names_rivals_and_aims() {
        assert_eq!(list(&[bench()]), "lit  LiT step (pairs/s)\n       beside PyTorch, aim >= 1.8\n");
    }

    #[test]
    fn a_table_has_medians_ratios_and_missed_aims() {
        let text = text(&report(vec![row(&[(80.0, 50.0), (85.0, 50.0)])]));
        let expected = "\
CPU, 2 cores; 2 threads, synthetic data, 2 rounds

benchmark  rival    ours          rival's       ratio                aim
lit        PyTorch  82.5 pairs/s  50.0 pairs/s  1.65 (1.60 to 1.70)  >= 1.8 missed
";
        assert_eq!(text, expected);
    }

    #[test]
    fn markdown_has_the_same_figures_and_the_notes() {
        let mut row = row(&[(200.0, 100.0)]);
        row.agreement = Some(Agreed { what: "losses".to_owned(), difference: 3e-8, tolerance: 1e-5 });
        row.note = Some("PyTorch: skipped: no torch".to_owned());
        let text = markdown(&report(vec![row]));
        assert!(
            text.contains("| LiT step (`lit`) | PyTorch | 200 pairs/s | 100 pairs/s | 2.00 | >= 1.8 |\n"),
            "{text}"
        );
        assert!(text.contains("- lit: losses differ by at most 3.0e-8, within 1e-5\n"), "{text}");
        assert!(text.ends_with("- lit: PyTorch: skipped: no torch\n"), "{text}");
    }

    #[test]
    fn a_note_on_all_rivals_shows_once() {
        let row = Row { note: Some("ours: skipped: no example".to_owned()), ..row(&[]) };
        let text = text(&report(vec![row.clone(), row]));
        assert_eq!(text.matches("no example").count(), 1, "{text}");
    }

    #[test]
    fn a_disagreement_and_a_missing_number_show() {
        let mut row = row(&[]);
        row.push(Some(7.0), None);
        row.agreement = Some(Agreed { what: "losses".to_owned(), difference: 0.5, tolerance: 1e-5 });
        let text = text(&report(vec![row]));
        assert!(text.contains("PyTorch  7.00 pairs/s  -        -      >= 1.8\n"), "{text}");
        assert!(text.contains("differ by at most 5.0e-1, NOT within 1e-5"), "{text}");
    }

    #[test]
    fn figures_replace_what_is_between_the_marks() {
        let [begin, end] = MARKS;
        let text = between_marks(&format!("a\n{begin}\nold\n{end}\nb\n"), "new\n").unwrap();
        assert_eq!(text, format!("a\n{begin}\nnew\n{end}\nb\n"));
        assert_eq!(between_marks(&text, "new").unwrap(), text, "writing twice changes nothing");
        assert!(between_marks(end, "new").unwrap_err().to_string().contains("figures: begin"));
        assert!(between_marks(begin, "new").unwrap_err().to_string().contains("figures: end"));
    }

    #[test]
    fn numbers_have_three_digits() {
        let shown = [123_456.0, 99.96, 9.876, 0.25, 0.00123].map(number);
        assert_eq!(shown, ["123456", "100.0", "9.88", "0.25", "1.23e-3"]);
    }
}
