//! Prints a sheet of search results in the terminal, inline with other output.

use std::io::{Stdout, Write as _, stdout};

use anyhow::{Context, Result};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    buffer::Buffer,
    crossterm::terminal::{disable_raw_mode, enable_raw_mode},
    layout::Rect,
    widgets::{Block as Border, BorderType, Widget},
};

use crate::{
    images::{Gallery, Images},
    paint::{ascii_border, put},
    theme::Theme,
};
use clip_lab_chart::sheet::{Block, Cell, Jpeg, Sheet};
use clip_lab_chart::text::{clean, cut};

/// Minimum width of an image, borders included.
const MIN_WIDTH: u16 = 24;
/// Maximum height of an image, borders included.
const MAX_HEIGHT: u16 = 16;

/// Prints the sheet, with images in the protocol `images`.
///
/// # Errors
/// If the terminal cannot be set to raw mode or written to.
pub fn show(sheet: &Sheet, images: Images) -> Result<()> {
    let _raw = RawMode::enable()?;
    let theme = Theme::from_env();
    let gallery = Gallery::open(images, &theme);
    let printer = Printer { gallery, theme };
    print_line(&sheet.note)?;
    sheet.blocks.iter().try_for_each(|block| printer.block(block))
}

/// Raw mode, needed to read replies of the terminal; restored on drop.
struct RawMode;

impl RawMode {
    fn enable() -> Result<Self> {
        // On a panic, restores the terminal before the message is printed.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let _ = disable_raw_mode();
            before(panic);
        }));
        enable_raw_mode().context("cannot set the terminal to raw mode")?;
        Ok(Self)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Nothing to do if it fails.
        let _ = disable_raw_mode();
    }
}

/// Prints a line; nothing for an empty text.
fn print_line(text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut out = stdout().lock();
    write!(out, "{}\r\n", clean(text)).and_then(|()| out.flush()).context("cannot write to the terminal")
}

struct Printer {
    gallery: Gallery,
    theme: Theme,
}

impl Printer {
    fn block(&self, block: &Block) -> Result<()> {
        let note = if block.note.is_empty() { String::new() } else { format!("  ({})", block.note) };
        print_line(&format!("{}{note}", block.head))?;
        let (wide, high) =
            ratatui::crossterm::terminal::size().context("cannot get the size of the terminal")?;
        let columns = (wide / MIN_WIDTH).clamp(1, 5);
        let width = wide / columns;
        // Terminal cells are about twice as high as wide, photographs wider than high.
        let height = ((width - 2) * 3 / 8 + 2).clamp(4, MAX_HEIGHT).min(high.saturating_sub(1).max(4));
        if let Some(query) = &block.query {
            self.row(&[("query".to_owned(), None, "", Some(query))], width, height)?;
        }
        if block.of_texts() {
            return block.cells.iter().try_for_each(|cell| print_line(&text(cell)));
        }
        let cells: Vec<Shown<'_>> = block.cells.iter().map(shown).collect();
        cells.chunks(columns.into()).try_for_each(|row| self.row(row, width, height))
    }

    fn row(&self, cells: &[Shown<'_>], width: u16, height: u16) -> Result<()> {
        let options = TerminalOptions { viewport: Viewport::Inline(height) };
        let mut terminal: Terminal<CrosstermBackend<Stdout>> =
            Terminal::with_options(CrosstermBackend::new(stdout()), options)
                .context("cannot draw on the terminal")?;
        let area = terminal.get_frame().area();
        let draw = |buf: &mut Buffer| {
            for (cell, nth) in cells.iter().zip(0u16..) {
                self.cell(cell, Rect { x: area.x + nth * width, width, ..area }, buf);
            }
        };
        // The first pass requests the images, the second draws them.
        draw(&mut Buffer::empty(area));
        self.gallery.wait_until_ready();
        terminal.draw(|frame| draw(frame.buffer_mut())).context("cannot draw on the terminal")?;
        terminal
            .set_cursor_position((0, area.bottom().saturating_sub(1)))
            .context("cannot draw on the terminal")?;
        let mut out = stdout().lock();
        out.write_all(b"\r\n").and_then(|()| out.flush()).context("cannot write to the terminal")
    }

    fn cell(&self, (label, right, text, jpeg): &Shown<'_>, place: Rect, buf: &mut Buffer) {
        let place = place.intersection(buf.area);
        if place.width < 6 || place.height < 3 {
            return;
        }
        let right = *right == Some(true);
        let style = if right { self.theme.good() } else { self.theme.faint() };
        let border = if right { BorderType::Double } else { BorderType::Rounded };
        let frame = Border::bordered().border_type(border).border_style(style);
        let frame = if self.theme.ascii() { frame.border_set(ascii_border(right)) } else { frame };
        let inside = frame.inner(place);
        frame.render(place, buf);
        let room = usize::from(place.width - 2);
        put(&format!(" {} ", cut(label, room.saturating_sub(2))), (place.x + 1, place.y), style, place, buf);
        let name = text.rsplit('/').next().unwrap_or_default();
        put(
            &format!(" {} ", cut(name, room.saturating_sub(2))),
            (place.x + 1, place.bottom() - 1),
            style,
            place,
            buf,
        );
        if let Some(jpeg) = jpeg {
            self.gallery.draw(&digest(jpeg), jpeg, inside, buf);
        }
    }
}

/// A drawn cell: label, correctness, text, thumbnail.
type Shown<'a> = (String, Option<bool>, &'a str, Option<&'a Jpeg>);

fn shown(cell: &Cell) -> Shown<'_> {
    (cell.label(), cell.right, &cell.text, cell.jpeg.as_ref())
}

fn text(cell: &Cell) -> String {
    let right = if cell.right == Some(true) { "  right" } else { "" };
    format!("{:>5}  {:.4}{right}  {}", cell.rank, cell.score, cell.text)
}

/// The cache key of an image.
pub(crate) fn digest(jpeg: &[u8]) -> String {
    blake3::hash(jpeg).to_hex()[..32].to_owned()
}
