//! The similarity matrix of a few fixed captions and images: matching pairs lie on the diagonal.

mod cells;
mod matrix;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::heat;
use crate::{
    app::{MatrixMode, Selection, probe_at, selected_probe},
    data::panels::RunProbes,
    paint::{line, paragraph, placeholder},
    theme::Theme,
};
use cells::Shape;
use clip_lab_chart::figure::number;
use matrix::{Matrix, Summary, summarise};

/// Draws the matrix of `run` at the selected evaluation, with a summary.
pub fn draw(
    run: Option<&RunProbes>,
    pinned: Option<&RunProbes>,
    selection: &Selection,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let area = area.intersection(buf.area);
    let Some((own, (probe, at, of))) = run.and_then(|run| Some((run, selected_probe(run, selection.back)?)))
    else {
        let message = "The selected run has no similarity matrix yet. Runs of this version record one for a few \
                     fixed pairs at every evaluation; the spec needs [data.val].";
        return placeholder(message, area, theme, buf);
    };
    let matrix =
        match Matrix::of(probe, selection.mode, pinned.and_then(|pinned| probe_at(pinned, probe.step))) {
            Ok(matrix) if matrix.is_empty() => {
                return placeholder("The matrix of this evaluation is empty.", area, theme, buf);
            }
            Ok(matrix) => matrix,
            Err(message) => return placeholder(message, area, theme, buf),
        };
    if area.height < 3 || area.width < 8 {
        return;
    }
    let place = format!("  step {} ({} of {of})  {} {}", probe.step, at + 1, probe.split, probe.weights);
    let mode = format!("  {}", mode_label(selection.mode, probe.logit_scale, pinned));
    let pieces = [(&*own.name, theme.heading()), (&place, Style::new()), (&mode, theme.faint())];
    line(&pieces, (area.x, area.y), area, buf);
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let summary = summarise(probe);
    let shape = Shape::fitting(&matrix, below, theme);
    cells::draw(&matrix, &shape, theme, buf);
    legend(&matrix, &shape, below, theme, buf);
    footer(summary.as_ref(), &shape, below, theme, buf);
}

fn mode_label(mode: MatrixMode, scale: Option<f64>, pinned: Option<&RunProbes>) -> String {
    match mode {
        MatrixMode::Cosine => "cosine".to_string(),
        MatrixMode::Softmax => format!("softmax over a row, scale {}", scale.map_or("1".to_string(), number)),
        MatrixMode::Difference => format!("cosine minus that of {}", pinned.map_or("", |run| &run.name)),
    }
}

/// The colour scale with its ends, under the matrix.
fn legend(matrix: &Matrix, shape: &Shape, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let y = shape.area.bottom();
    let (low, high) = matrix.range;
    let mut x = line(&[(&format!("{} ", number(low)), theme.faint())], (area.x, y), area, buf);
    for i in 0..10u16 {
        let place = f64::from(i) / 9.0;
        let style =
            heat::colour(matrix.ramp, place, theme).map_or(Style::new(), |colour| Style::new().fg(colour));
        let symbol = if heat::blocks(theme) { '█' } else { heat::symbol(place, theme) };
        x = line(&[(&symbol.to_string(), style)], (x, y), area, buf);
    }
    let pooled =
        if shape.pool > 1 { format!("  maximum of {0} × {0} per cell", shape.pool) } else { String::new() };
    line(&[(&format!(" {}{pooled}", number(high)), theme.faint())], (x, y), area, buf);
}

/// Writes the summary beside the matrix if there is room for readable lines, else below it.
fn footer(summary: Option<&Summary>, shape: &Shape, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let beside = area.right().saturating_sub(shape.area.right() + 2);
    let mut room = if beside >= 24 {
        Rect { x: shape.area.right() + 2, width: beside, height: area.height.saturating_sub(1), ..area }
    } else {
        let y = shape.area.bottom() + 1;
        Rect { y, height: area.bottom().saturating_sub(y), ..area }
    };
    let Some(summary) = summary else { return };
    let mut write = |text: &str, style: Style| {
        let taken = paragraph(text, style, room, buf).min(room.height);
        room = Rect { y: room.y + taken, height: room.height - taken, ..room };
    };
    let means = format!("matching pairs {:.3}  others {:.3} (mean cosine)", summary.diagonal, summary.others);
    write(&means, Style::new());
    if let Some(negative) = &summary.hardest {
        let gap = negative.wrong - negative.right;
        let style = if gap > 0.0 { theme.warning() } else { theme.good() };
        write(
            &format!("hardest negative: {:.3}, the right image: {:.3}", negative.wrong, negative.right),
            style,
        );
        write(&format!("caption: {}", negative.caption), Style::new());
        write(&format!("wrong image: {}", negative.image), theme.faint());
    }
}
