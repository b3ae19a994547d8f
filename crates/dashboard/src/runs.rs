//! The runs table: status, progress, scores with intervals, and the settings that differ.

use clip_lab_store::Status;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    app::App,
    data::{Run, Scores},
    grid,
    grid::Cell,
    table::{
        Table,
        column::{Col, best, half_width, setting},
        short_key,
    },
    theme::Theme,
};
use clip_lab_chart::{
    figure::{number, span},
    text::{Column, clean},
};

/// Symbol and label of a status.
pub fn status_label(status: Status) -> &'static str {
    match status {
        Status::Queued => "○ queued",
        Status::Running => "● running",
        Status::Stalled => "◐ stalled",
        Status::Finished => "✓ finished",
        Status::Failed => "✗ failed",
        Status::Interrupted => "■ interrupted",
        Status::NonFinite => "✕ non-finite",
        Status::Crashed => "⊗ crashed",
    }
}

/// The style of a status; without colour the label is enough.
pub fn status_style(status: Status, theme: &Theme) -> Style {
    match status {
        Status::Running | Status::Finished => theme.good(),
        Status::Stalled | Status::Interrupted => theme.warning(),
        Status::Failed | Status::NonFinite | Status::Crashed => theme.bad(),
        Status::Queued => theme.faint(),
    }
}

/// Draws the table.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let columns = app.table.columns();
    let runs: Vec<&Run> = app.table_runs().collect();
    let heads: Vec<Column> = columns.iter().map(|col| heading(col, &app.table, &runs)).collect();
    let row = |run: &&Run| columns.iter().map(|col| cell(col, run, app, theme)).collect();
    let rows: Vec<Vec<Cell>> = runs.iter().map(row).collect();
    let selected = app.selected().map(|_| app.selected_index());
    grid::draw(&heads, &rows, selected, area, theme, buf);
}

/// The heading of a column, with an arrow if the table is sorted by it, and the rank by which columns are dropped.
fn heading(col: &Col, table: &Table, runs: &[&Run]) -> Column {
    let sorted = table.sort.as_ref().filter(|(by, _)| by == col);
    let arrow = sorted.map_or("", |(_, descending)| if *descending { "↓" } else { "↑" });
    let of = |right: bool, label: &str, rank: u8, least: Option<usize>| {
        let rank = if sorted.is_some() { 0 } else { rank };
        Column { head: format!("{label}{arrow}"), right, rank, least }
    };
    match col {
        Col::Name => of(false, "run", 0, Some(10)),
        Col::Status => of(false, "status", 0, Some(9)),
        Col::Progress => of(false, "progress", 6, None),
        Col::Step => of(true, "step", 8, None),
        Col::Last => of(true, &goal_heading(runs), 1, None),
        Col::Interval => of(true, "±95%", 2, None),
        Col::Best => of(true, "best", 3, None),
        Col::Trend => of(false, "trend", 7, None),
        Col::Loss => of(true, "loss", 2, None),
        Col::Pairs => of(true, "pairs/s", 9, None),
        Col::Time => of(true, "time", 4, None),
        Col::Study => of(false, "study", 60, None),
        Col::Arm => of(false, "arm", 59, None),
        Col::Seed => of(true, "seed", 58, None),
        Col::Epoch => of(true, "epoch", 62, None),
        Col::Reason => of(false, "reason", 61, Some(24)),
        Col::Setting(key) => {
            let cells = || runs.iter().filter_map(|run| setting(run, key));
            let numbers = cells().all(|value| value.parse::<f64>().is_ok());
            // The first three settings matter more than the speed.
            let rank = match table.keys.iter().position(|other| other == key) {
                Some(at @ 0..3) => 4 + at as u8,
                at => 10 + at.unwrap_or(40) as u8,
            };
            of(numbers, &short_key(key, &table.keys), rank, (!numbers).then_some(6))
        }
    }
}

fn cell(col: &Col, run: &Run, app: &App, theme: &Theme) -> Cell {
    let row = &run.row;
    let style = run.colour.map_or(theme.faint(), |colour| Style::new().fg(theme.series(colour)));
    let plain = |text: String| (text, Style::new());
    let share = |value: Option<f64>| plain(value.map_or(String::new(), decimals));
    match col {
        Col::Name => (format!("{}{}", sign(run, app), run.name), style),
        Col::Status => (status_label(row.status).to_string(), status_style(row.status, theme)),
        Col::Progress => (progress(row.step, row.total_steps), style),
        Col::Step => plain(steps(row.step, row.total_steps)),
        Col::Last => share(run.goal().and_then(|series| series.last)),
        Col::Interval => (interval(run, &app.snapshot.scores), theme.faint()),
        Col::Best => share(run.goal().and_then(best)),
        Col::Trend => (sparkline(&run.trend), style),
        Col::Loss => loss(run, theme),
        Col::Pairs => plain(run.pairs_per_second().map_or(String::new(), number)),
        Col::Time => plain(time(run)),
        Col::Study => plain(clean(row.study.as_deref().unwrap_or_default())),
        Col::Arm => plain(clean(row.arm.as_deref().unwrap_or_default())),
        Col::Seed => plain(row.seed.to_string()),
        Col::Setting(key) => match setting(run, key) {
            Some(value) => plain(clean(value)),
            None => ("–".to_string(), theme.faint()),
        },
        Col::Epoch => plain(number(row.epoch)),
        Col::Reason => (clean(row.reason.as_deref().unwrap_or_default()), theme.faint()),
    }
}

/// The symbol before the name: pinned, drawn on the charts, or neither.
fn sign(run: &Run, app: &App) -> &'static str {
    match (app.pinned == Some(run.row.id), run.colour.is_some()) {
        (true, _) => "▶ ",
        (false, true) => "━ ",
        (false, false) => "  ",
    }
}

/// A bar of eight cells and the share in percent.
pub fn progress(step: u64, total: Option<u64>) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return String::new() };
    let share = (step as f64 / total as f64).clamp(0.0, 1.0);
    let eighths = (share * 64.0).floor() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let full = "█".repeat(eighths / 8);
    let rest = "░".repeat(8 - eighths / 8 - usize::from(!part.is_empty()));
    // Rounded down, so that 100 appears only at the end.
    format!("{full}{part}{rest} {:>3}%", (share * 100.0).floor())
}

/// A sparkline between the run's own minimum and maximum: it shows the shape, not the size.
fn sparkline(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: &f64| match (value - low) / (high - low) {
        share if share.is_finite() => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(share * 7.99) as usize % 8],
        _ if value.is_finite() => '▄',
        _ => ' ',
    };
    if values.len() < 2 { String::new() } else { values.iter().map(bar).collect() }
}

fn steps(step: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{step}/{total}"),
        None => step.to_string(),
    }
}

/// Three decimals, so that the values of different runs align; very small or large numbers as usual.
fn decimals(value: f64) -> String {
    if (0.001..10.0).contains(&value.abs()) { format!("{value:.3}") } else { number(value) }
}

/// Half the width of the interval, to three decimals like the score.
fn interval(run: &Run, scores: &Scores) -> String {
    half_width(run, scores).map_or(String::new(), |half| format!("±{half:.3}"))
}

/// The loss, with the step of the first non-finite value.
fn loss(run: &Run, theme: &Theme) -> Cell {
    let Some(series) = run.metric("train/loss") else { return (String::new(), Style::new()) };
    let value = series.last.map_or(String::new(), number);
    let Some(step) = series.first_bad_step else { return (value, Style::new()) };
    let kind = if series.n_nan > 0 { "NaN" } else { "inf" };
    // A run that ended with a non-finite loss shows only that.
    let value = if run.row.status == Status::NonFinite { String::new() } else { format!("{value} ") };
    (format!("{value}✕{kind}@{step}"), theme.bad())
}

/// The name of the goal metric if all runs share it.
fn goal_heading(runs: &[&Run]) -> String {
    let mut names: Vec<&str> = runs.iter().filter_map(|run| run.row.goal_metric.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [name] => {
            let parts: Vec<&str> = name.rsplit('/').take(2).collect();
            parts.into_iter().rev().collect::<Vec<_>>().join("/")
        }
        _ => "goal".to_string(),
    }
}

/// The remaining time while it runs, the time it took once it has ended.
fn time(run: &Run) -> String {
    let row = &run.row;
    match (row.status, row.rate, row.total_steps) {
        (Status::Queued, ..) => String::new(),
        (Status::Running, Some(rate), Some(total)) if rate > 0.0 => {
            format!("{} left", span(total.saturating_sub(row.step) as f64 / rate))
        }
        (Status::Running, ..) => String::new(),
        _ => span(row.active_ms.max(0) as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::put::Put as _;

    #[test]
    fn the_bar_is_full_only_at_the_end_and_always_as_long() {
        assert_eq!(progress(1, Some(3)), "██▋░░░░░  33%");
        assert_eq!(progress(999, Some(1000)), "███████▉  99%");
        assert_eq!(progress(7, Some(5)), "████████ 100%");
        assert_eq!(progress(7, None), "");
        assert!((0..=97).all(|step| progress(step, Some(97)).chars().count() == 13));
    }

    #[test]
    fn the_signs_of_statuses_differ_in_ascii_too() {
        let signs = |ascii: bool| -> HashSet<String> {
            let sign = |status: &Status| {
                let mut buf = Buffer::empty(Rect::new(0, 0, 1, 1));
                buf.put(0, 0, status_label(*status), 1, Style::new());
                if ascii {
                    crate::ascii::plain(&mut buf);
                }
                buf[(0, 0)].symbol().to_string()
            };
            Status::ALL.iter().map(sign).collect()
        };
        assert_eq!((signs(false).len(), signs(true).len()), (Status::ALL.len(), Status::ALL.len()));
        assert!(!signs(true).contains("?"), "every sign has one in ASCII");
    }

    #[test]
    fn a_trend_is_drawn_between_its_own_ends() {
        assert_eq!(sparkline(&[0.1, 0.2, f64::NAN, 0.3]), "▁▄ █");
        assert_eq!(
            (sparkline(&[0.5, 0.5]), sparkline(&[1.0]), sparkline(&[])),
            ("▄▄".into(), "".into(), "".into())
        );
        assert_eq!(sparkline(&[-1e300, 1e300, f64::INFINITY]).chars().count(), 3);
    }
}
