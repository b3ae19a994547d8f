//! The report as text.

use std::fmt::Write as _;

use clip_lab_cli::shown;

use super::{
    duplicates::Group,
    report::{Repeats, Report, Split},
    spread::Spread,
};

/// Maximum number of examples listed.
const MAX_EXAMPLES: usize = 10;
/// Captions are truncated to this many characters.
const CAPTION_WIDTH: usize = 60;

/// The tables and lists.
pub(super) fn table(report: &Report) -> String {
    let mut out = counts(report);
    for split in &report.splits {
        let skipped: Vec<String> = split.left_out.iter().map(|message| shortened(message, 300)).collect();
        list(&mut out, &format!("Skipped in {}", split.name), &skipped, skipped.len());
        let faults: Vec<String> =
            split.broken.iter().map(|fault| format!("{}: {}", fault.name, fault.why)).collect();
        list(&mut out, &format!("Unreadable in {}", split.name), &faults, MAX_EXAMPLES);
    }
    repeats(&mut out, "images", &report.same_pictures, report);
    repeats(&mut out, "captions", &report.same_captions, report);
    out
}

/// The counts, with a column for each split.
fn counts(report: &Report) -> String {
    let cut = format!("truncated at {}", report.max_tokens);
    let tokens = format!("tokens ({})", report.tokenizer);
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let mut row = |name: &str, of: &dyn Fn(&Split) -> String| {
        let values: Vec<String> = report.splits.iter().map(of).collect();
        // Skips a row that is empty for every split.
        if values.iter().any(|value| !value.is_empty()) {
            rows.push((name.to_owned(), values));
        }
    };
    row("", &|split| split.name.clone());
    row("images", &|split| number(split.images as u64));
    row("  unreadable", &|split| number(split.broken.len() as u64));
    row("  wrong extension", &|split| nonzero(split.misnamed));
    row("  format", &formats);
    row("  width", &|split| spread(split.width));
    row("  height", &|split| spread(split.height));
    row("  file size (kB)", &|split| kilobytes(split.file_bytes));
    row("  total size (MB)", &|split| format!("{:.1}", split.bytes as f64 / 1e6));
    row("classes", &|split| nonzero(split.classes));
    row("  images per class", &|split| spread(split.class_sizes));
    row("captions", &|split| number(split.captions as u64));
    row("  per image", &|split| each(split));
    row("  characters", &|split| spread(split.characters));
    row(&format!("  {tokens}"), &|split| spread(split.tokens.as_ref().map(|tokens| tokens.lengths)));
    row(&format!("  {cut}"), &|split| {
        split.tokens.as_ref().map_or(String::new(), |tokens| format!("{:.2}%", 100.0 * tokens.cut_share))
    });
    let same = |repeats: &Repeats, split: &Split| {
        number(repeats.within.get(&split.name).copied().unwrap_or(0) as u64)
    };
    row("duplicate images", &|split| same(&report.same_pictures, split));
    row("duplicate captions", &|split| match split.captions {
        0 => String::new(),
        _ if split.captions_of_classes => "from classes".to_owned(),
        _ => same(&report.same_captions, split),
    });
    aligned(&rows) + "Ranges are minimum / median / maximum.\n"
}

fn aligned(rows: &[(String, Vec<String>)]) -> String {
    let label = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let columns = rows.first().map_or(0, |(_, values)| values.len());
    let width =
        |column: usize| rows.iter().map(|(_, values)| values[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |(name, values): &(String, Vec<String>)| {
        let cells = values.iter().zip(&widths).map(|(value, width)| format!("  {value:>width$}"));
        format!("{:<label$}{}\n", shown(name), cells.collect::<String>())
    };
    rows.iter().map(line).collect()
}

fn list(out: &mut String, title: &str, lines: &[String], max: usize) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}: {}", shown(title), number(lines.len() as u64));
    for line in lines.iter().take(max) {
        let _ = writeln!(out, "  {}", shown(line));
    }
    if lines.len() > max {
        let _ = writeln!(out, "  and {} more (--json lists all)", number((lines.len() - max) as u64));
    }
}

/// Lists duplicates; those shared by two splits first, because they invalidate results.
fn repeats(out: &mut String, what: &str, found: &Repeats, report: &Report) {
    for shared in &found.across {
        let [a, b] = &shared.splits;
        let numbers = [a, b].map(|name| report.splits.iter().position(|split| &split.name == name));
        let both = |group: &&Group| numbers.iter().flatten().all(|split| group.splits.contains(split));
        let lines: Vec<String> = found.groups.iter().filter(both).map(line).collect();
        list(out, &format!("Duplicate {what} in {a} and {b}"), &lines, MAX_EXAMPLES);
    }
    let inner = |group: &&Group| group.count > group.splits.len();
    let lines: Vec<String> = found.groups.iter().filter(inner).map(line).collect();
    list(out, &format!("Duplicate {what} within a split"), &lines, MAX_EXAMPLES);
}

fn line(group: &Group) -> String {
    let names = group.of.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if group.count > 4 { format!(", ... ({} in total)", group.count) } else { String::new() };
    let what =
        group.what.as_ref().map_or(String::new(), |what| format!("\"{}\": ", shortened(what, CAPTION_WIDTH)));
    format!("{what}{names}{more}")
}

/// One line of at most `max` characters.
fn shortened(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

fn formats(split: &Split) -> String {
    let mut formats: Vec<_> = split.formats.iter().collect();
    formats.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    match formats.as_slice() {
        [] => String::new(),
        [(name, _)] => (*name).clone(),
        several => several
            .iter()
            .map(|(name, count)| format!("{name} {}", number(**count as u64)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn each(split: &Split) -> String {
    let counts: Vec<usize> = split.captions_each.keys().copied().collect();
    match counts.as_slice() {
        _ if split.captions == 0 => String::new(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
        [] => String::new(),
    }
}

fn spread(spread: Option<Spread>) -> String {
    spread.map_or(String::new(), |Spread { min, median, max, .. }| match min == max {
        true => number(min),
        false => format!("{} / {} / {}", number(min), number(median), number(max)),
    })
}

fn kilobytes(spread: Option<Spread>) -> String {
    let kilo = |bytes: u64| format!("{:.1}", bytes as f64 / 1e3);
    spread.map_or(String::new(), |Spread { min, median, max, .. }| {
        format!("{} / {} / {}", kilo(min), kilo(median), kilo(max))
    })
}

/// A count; empty for 0.
fn nonzero(count: usize) -> String {
    if count == 0 { String::new() } else { number(count as u64) }
}

/// `12,345`.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_captions_are_one_line() {
        assert_eq!(
            (number(7), number(1234), number(1_234_567)),
            ("7".into(), "1,234".into(), "1,234,567".into())
        );
        assert_eq!(shortened("a\n b  é", 5), "a b é");
        assert_eq!(shortened("äöü and more", 4), "äöü ...");
    }
}
