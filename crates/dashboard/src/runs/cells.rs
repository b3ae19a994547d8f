//! The cells of the runs table.

use clip_lab_store::Status;
use ratatui::style::Style;

use super::{status_label, status_style};
use crate::{
    app::App,
    data::{Run, Scores},
    grid::Cell,
    table::column::{Col, best, half_width, setting},
    theme::Theme,
};
use clip_lab_chart::{
    figure::{number, span},
    text::clean,
};

/// The cell of a run in a column.
pub fn cell(col: &Col, run: &Run, app: &App, theme: &Theme) -> Cell {
    let row = &run.row;
    let style = run.colour.map_or(theme.faint(), |colour| Style::new().fg(theme.series(colour)));
    let plain = |text: String| (text, Style::new());
    let share = |value: Option<f64>| plain(value.map_or(String::new(), decimals));
    match col {
        Col::Name => (format!("{}{}", marker(run, app), run.name), style),
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
fn marker(run: &Run, app: &App) -> &'static str {
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
    use super::*;

    #[test]
    fn the_bar_is_full_only_at_the_end_and_has_a_fixed_width() {
        assert_eq!(progress(1, Some(3)), "██▋░░░░░  33%");
        assert_eq!(progress(999, Some(1000)), "███████▉  99%");
        assert_eq!(progress(7, Some(5)), "████████ 100%");
        assert_eq!(progress(7, None), "");
        assert!((0..=97).all(|step| progress(step, Some(97)).chars().count() == 13));
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
