//! Averaged (EMA) against raw weights: the gain in each metric.

use clip_lab_store::SeriesRow;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{data::Run, grid, grid::Cell, paint::placeholder, theme::Theme};
use clip_lab_chart::{figure::number, text::Column};

/// One line: a metric with both kinds of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The metric of the raw weights.
    pub metric: String,
    /// Its last value.
    pub raw: Option<f64>,
    /// Its last value with averaged weights.
    pub ema: Option<f64>,
    /// The gain of the average; negative if it is worse.
    pub gain: Option<f64>,
}

/// Draws a line for each run and split that was evaluated with both kinds of weights.
pub fn draw(runs: &[Run], selected: Option<usize>, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut marked = None;
    for (i, run) in runs.iter().enumerate() {
        for line in lines(run) {
            if selected == Some(i) {
                marked = marked.or(Some(rows.len()));
            }
            rows.push(cells(run, &line, theme));
        }
    }
    if rows.is_empty() {
        let message = "No run here evaluates averaged weights. The trick `ema` maintains and evaluates an average: \
                     [[trick]] plugin = \"ema\"";
        return placeholder(message, area, theme, buf);
    }
    let columns = [
        Column::text("run", 0, 8),
        Column::text("metric", 1, 8),
        Column::number("raw", 0),
        Column::number("EMA", 0),
        Column::number("EMA gain", 0),
    ];
    grid::draw(&columns, &rows, marked, area, theme, buf);
}

fn cells(run: &Run, line: &Line, theme: &Theme) -> Vec<Cell> {
    let name = run.colour.map_or(theme.faint(), |colour| Style::new().fg(theme.series(colour)));
    let show = |value: Option<f64>| value.map_or(String::new(), |value| scaled(&line.metric, value));
    let (sign, style) = match line.gain {
        Some(gain) if gain > 0.0 => ("+", theme.good()),
        Some(gain) if gain < 0.0 => ("", theme.bad()),
        _ => ("", theme.faint()),
    };
    vec![
        (run.name.clone(), name),
        (line.metric.clone(), theme.faint()),
        (show(line.raw), Style::new()),
        (show(line.ema), Style::new()),
        (
            line.gain.map_or(String::new(), |by| {
                format!("{sign}{}", scaled(&line.metric, by).replace('%', " points"))
            }),
            style,
        ),
    ]
}

/// Shares in percent, other values unchanged.
fn scaled(metric: &str, value: f64) -> String {
    let last = metric.rsplit('/').next().unwrap_or_default();
    let share = last.contains('@') || last.starts_with("top") || last == "mean_per_class";
    if share { format!("{:.1}%", value * 100.0) } else { number(value) }
}

/// The goal metric, and the same metric of other splits, if both kinds of weights were evaluated.
pub fn lines(run: &Run) -> Vec<Line> {
    let Some((_, goal)) = run.row.goal_metric.as_deref().and_then(|goal| goal.split_once('/')) else {
        return Vec::new();
    };
    let goal = goal.strip_prefix("ema/").unwrap_or(goal);
    let pair = |raw: &SeriesRow| -> Option<Line> {
        let (split, rest) = raw.name.split_once('/')?;
        let ema = run.metric(&format!("{split}/ema/{rest}")).filter(|_| rest == goal)?;
        let sign = if raw.goal == clip_lab_store::Goal::Down { -1.0 } else { 1.0 };
        let gain = raw.last.zip(ema.last).map(|(raw, ema)| (ema - raw) * sign);
        Some(Line { metric: raw.name.clone(), raw: raw.last, ema: ema.last, gain })
    };
    let mut lines: Vec<Line> = run.series.iter().filter_map(pair).collect();
    lines.sort_by_key(|line| !line.metric.starts_with("val/"));
    lines
}
