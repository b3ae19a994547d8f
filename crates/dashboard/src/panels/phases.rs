//! The phases of a step: a stacked bar per run, and whether data or compute is the bottleneck.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::{
    data::panels::Phases,
    paint::{line, placeholder, put, run_style},
    theme::Theme,
};
use clip_lab_chart::{
    figure::number,
    text::{pad, width},
};

/// Above this share of data wait, a run is bound by data.
const DATA_BOUND: f64 = 0.1;

/// A part of a step: name, character without colour, ASCII character, and index in the palette.
struct Part {
    name: &'static str,
    symbol: char,
    plain: char,
    colour: usize,
}

const PARTS: [Part; 5] = [
    Part { name: "data wait", symbol: '░', plain: '.', colour: 5 },
    Part { name: "forward", symbol: '▒', plain: 'f', colour: 0 },
    Part { name: "backward", symbol: '▓', plain: 'b', colour: 4 },
    Part { name: "optimizer", symbol: '█', plain: 'o', colour: 2 },
    Part { name: "rest of the update", symbol: '▚', plain: '-', colour: 7 },
];

/// Seconds of each part; the unrecorded part of the update is the rest.
fn parts(phases: &Phases) -> [f64; PARTS.len()] {
    let good = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or(0.0, |v| v.max(0.0));
    let inner = [phases.forward, phases.backward, phases.optimizer].map(good);
    let rest = (good(phases.update) - inner.iter().sum::<f64>()).max(0.0);
    [good(phases.wait), inner[0], inner[1], inner[2], rest]
}

/// The share of a step spent waiting for data; `None` if it is unknown.
fn waiting(phases: &Phases) -> Option<f64> {
    let (wait, total) = (phases.wait?, parts(phases).iter().sum::<f64>());
    (wait.is_finite() && total > 0.0).then(|| wait.max(0.0) / total)
}

/// Draws two lines per run: the bottleneck as text, and the bar.
pub fn draw(all: &[Phases], area: Rect, theme: &Theme, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    let recorded: Vec<&Phases> =
        all.iter().filter(|phases| parts(phases).iter().sum::<f64>() > 0.0).collect();
    if recorded.is_empty() {
        let message = "No run here has recorded step times. Every run of this version does: \
                     time/data_wait_s, time/update_s and its phases.";
        return placeholder(message, area, theme, buf);
    }
    if area.height == 0 {
        return;
    }
    let (rows, legend_y) = (Rect { height: area.height - 1, ..area }, area.bottom() - 1);
    // If the pairs of lines do not fit, draw the text lines only.
    let each = if recorded.len() * 2 <= usize::from(rows.height) { 2 } else { 1 };
    let names =
        recorded.iter().map(|phases| width(&phases.name)).max().unwrap_or(0).min(usize::from(area.width) / 3);
    for (phases, y) in recorded.iter().zip((rows.top()..rows.bottom()).step_by(each)) {
        summary(phases, names, (rows.x, y), rows, theme, buf);
        if each == 2 {
            bar(phases, (rows.x, y + 1), rows, theme, buf);
        }
    }
    legend(&recorded, (area.x, legend_y), area, theme, buf);
}

fn summary(phases: &Phases, names: usize, at: (u16, u16), area: Rect, theme: &Theme, buf: &mut Buffer) {
    let bottleneck = match waiting(phases) {
        Some(share) if share > DATA_BOUND => {
            (format!("bound by data ({:.0}% wait)", share * 100.0), theme.warning())
        }
        Some(share) => (format!("bound by compute ({:.1}% wait)", share * 100.0), theme.good()),
        None => ("data wait not recorded".to_string(), theme.faint()),
    };
    let mut rest = vec![format!("{} s/step", number(parts(phases).iter().sum()))];
    rest.extend(phases.pairs.map(|pairs| format!("{} pairs/s", number(pairs))));
    rest.extend(phases.mfu.map(|mfu| format!("MFU {:.0}%", mfu * 100.0)));
    let name = pad(&phases.name, names, false);
    let rest = format!("  {}", rest.join(" · "));
    let style = run_style(phases.colour, theme);
    line(
        &[(&name, style), ("  ", style), (&bottleneck.0, bottleneck.1), (&rest, Style::new())],
        at,
        area,
        buf,
    );
}

fn bar(phases: &Phases, (mut x, y): (u16, u16), area: Rect, theme: &Theme, buf: &mut Buffer) {
    let parts = parts(phases);
    let total: f64 = parts.iter().sum();
    let mut done = 0.0;
    for (part, seconds) in PARTS.iter().zip(parts) {
        done += seconds;
        let end = area.x + (done / total * f64::from(area.width)).round() as u16;
        let text: String = std::iter::repeat_n(symbol(part, theme), end.saturating_sub(x).into()).collect();
        x = put(&text, (x, y), Style::new().fg(theme.series(part.colour)), area, buf);
    }
}

fn symbol(part: &Part, theme: &Theme) -> char {
    if theme.ascii() { part.plain } else { part.symbol }
}

/// Draws a legend of the parts that any run has.
fn legend(all: &[&Phases], (mut x, y): (u16, u16), area: Rect, theme: &Theme, buf: &mut Buffer) {
    for (i, part) in PARTS.iter().enumerate() {
        if all.iter().any(|phases| parts(phases)[i] > 0.0) {
            let style = Style::new().fg(theme.series(part.colour));
            let symbol = format!("{0}{0} ", symbol(part, theme));
            x = line(&[(&symbol, style), (part.name, theme.faint()), ("  ", style)], (x, y), area, buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_recorded_is_the_rest_of_the_update() {
        let phases = Phases {
            wait: Some(0.25),
            update: Some(0.75),
            forward: Some(0.25),
            backward: Some(f64::NAN),
            ..Phases::default()
        };
        assert_eq!(parts(&phases), [0.25, 0.25, 0.0, 0.0, 0.5]);
        assert_eq!(waiting(&phases), Some(0.25));
        assert_eq!(waiting(&Phases::default()), None);
    }
}
