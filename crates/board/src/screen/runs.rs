//! The table of runs: how each stands, how far it is, how well it does, and how long it still needs.

use clip_lab_store::{SeriesRow, Status};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{app::App, data::Run, grid, grid::Cell, theme::Theme};
use crate::{
    figure::{number, span},
    text::{Column, clean},
};

/// Sign and word of a status.
pub fn status_words(status: Status) -> &'static str {
    match status {
        Status::Queued => "○ queued",
        Status::Running => "● running",
        Status::Stalled => "◐ stalled",
        Status::Finished => "✓ finished",
        Status::Failed => "✗ failed",
        Status::Interrupted => "■ interrupted",
        Status::NonFinite => "✕ non-finite",
        Status::Crashed => "✗ crashed",
    }
}

/// The style of a status; the words alone say it too.
pub fn status_style(status: Status, theme: &Theme) -> Style {
    match status {
        Status::Running | Status::Finished => theme.good(),
        Status::Stalled | Status::Interrupted => theme.doubtful(),
        Status::Failed | Status::NonFinite | Status::Crashed => theme.bad(),
        Status::Queued => theme.faint(),
    }
}

/// Draws the table.
pub fn draw(app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let goal = goal_heading(&app.snapshot.runs);
    let columns = [
        Column::words("run", 0, 10),
        Column::words("status", 0, 9),
        Column::words("progress", 3, 13),
        Column::numbers("step", 5),
        Column::numbers("loss", 1),
        Column::numbers(&goal, 4),
        Column::numbers("pairs/s", 6),
        Column::numbers("epoch", 7),
        Column::numbers("time", 2),
        Column::words("why it ended", 8, 24),
    ];
    let rows: Vec<Vec<Cell>> = app.snapshot.runs.iter().map(|run| row(run, theme)).collect();
    let selected = app.selected().map(|_| app.selected_index());
    grid::draw(&columns, &rows, selected, area, theme, buf);
}

fn row(run: &Run, theme: &Theme) -> Vec<Cell> {
    let plain = Style::new();
    let (sign, style) = match run.colour {
        Some(colour) => ("━ ", Style::new().fg(theme.series(colour))),
        None => ("  ", theme.faint()),
    };
    let row = &run.row;
    vec![
        (format!("{sign}{}", run.name), style),
        (status_words(row.status).to_string(), status_style(row.status, theme)),
        (progress(row.step, row.total_steps), style),
        (steps(row.step, row.total_steps), plain),
        loss(run, theme),
        (
            goal(run)
                .map_or(String::new(), |s| s.best().map(|(v, _)| v).or(s.last).map_or(String::new(), number)),
            plain,
        ),
        (pairs_per_second(run).map_or(String::new(), number), plain),
        (number(row.epoch), plain),
        (time(run), plain),
        (clean(row.reason.as_deref().unwrap_or_default()), theme.faint()),
    ]
}

/// A bar of eight cells and the share in percent.
pub fn progress(step: u64, total: Option<u64>) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return String::new() };
    let share = (step as f64 / total as f64).clamp(0.0, 1.0);
    let eighths = (share * 64.0).floor() as usize;
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let full = "█".repeat(eighths / 8);
    let rest = "░".repeat(8 - eighths / 8 - usize::from(!part.is_empty()));
    // Whole percents that reach 100 only at the end.
    format!("{full}{part}{rest} {:>3}%", (share * 100.0).floor())
}

fn steps(step: u64, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{step}/{total}"),
        None => step.to_string(),
    }
}

fn loss(run: &Run, theme: &Theme) -> Cell {
    let Some(series) = run.metric("train/loss") else { return (String::new(), Style::new()) };
    let value = series.last.map_or(String::new(), number);
    match series.first_bad_step {
        Some(_) => (format!("✕ {value}"), theme.bad()),
        None => (value, Style::new()),
    }
}

fn pairs_per_second(run: &Run) -> Option<f64> {
    let pairs = run.row.samples as f64 / run.row.step.max(1) as f64;
    run.row.rate.map(|rate| rate * pairs)
}

fn goal(run: &Run) -> Option<&SeriesRow> {
    run.metric(run.row.goal_metric.as_deref()?)
}

/// The goal's name where all runs share it.
fn goal_heading(runs: &[Run]) -> String {
    let mut names: Vec<&str> = runs.iter().filter_map(|run| run.row.goal_metric.as_deref()).collect();
    names.dedup();
    match names.as_slice() {
        [name] => {
            let parts: Vec<&str> = name.rsplit('/').take(2).collect();
            parts.into_iter().rev().collect::<Vec<_>>().join("/")
        }
        _ => "goal".to_string(),
    }
}

/// What is left while it runs, what it took once it has ended.
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
    use super::*;

    #[test]
    fn the_bar_is_full_only_at_the_end_and_always_as_long() {
        assert_eq!(progress(1, Some(3)), "██▋░░░░░  33%");
        assert_eq!(progress(999, Some(1000)), "███████▉  99%");
        assert_eq!(progress(7, Some(5)), "████████ 100%");
        assert_eq!(progress(7, None), "");
        assert!((0..=97).all(|step| progress(step, Some(97)).chars().count() == 13));
    }
}
