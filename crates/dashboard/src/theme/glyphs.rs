//! Line styles and characters that distinguish curves without colour or in ASCII.

use ratatui::style::{Color, Modifier};

use super::{Depth, Theme};
use clip_lab_chart::palette::COLOURS;

/// Line styles as shown beside a label.
const SAMPLES: [&str; 6] = ["──", "╌╌", "··", "━╌", "┅┅", "∙ "];
/// The ASCII characters of the series.
const SYMBOLS: [char; 12] = ['*', '+', 'o', 'x', '#', '@', '%', '&', '=', '~', '^', 'v'];

impl Theme {
    /// The line style of a series: distinguishes series that share a colour, and all series without colours.
    pub fn dash(&self, colour: usize, dash: usize) -> usize {
        if self.depth() == Depth::None && !self.ascii() { colour + dash } else { colour / COLOURS + dash }
    }

    /// The line sample before a label; empty if the colour alone identifies the line.
    pub fn sample(&self, colour: usize, dash: usize) -> String {
        match (self.ascii(), self.depth()) {
            (true, _) => format!("{} ", symbol(colour)),
            (false, Depth::None) => format!("{} ", SAMPLES[self.dash(colour, dash) % SAMPLES.len()]),
            (false, _) if colour >= COLOURS => {
                format!("{} ", SAMPLES[self.dash(colour, dash) % SAMPLES.len()])
            }
            (false, _) => String::new(),
        }
    }

    /// The character of a cell with these braille dots.
    pub fn dots(&self, dots: u8, point: bool, colour: usize) -> char {
        match (self.ascii(), point) {
            (true, _) => symbol(colour),
            (false, true) => '•',
            (false, false) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
        }
    }

    /// Bold for the front series, dim for the others; neither if no series is in front.
    pub fn weight(&self, colour: usize, front: Option<usize>) -> Modifier {
        match front {
            Some(front) if front == colour => Modifier::BOLD,
            Some(_) => Modifier::DIM,
            None => Modifier::empty(),
        }
    }

    /// The background of overlapping bands, given as a bit mask of colours; `None` without colours.
    pub fn bands(&self, colours: u8) -> Option<Color> {
        let all: Vec<Color> =
            (0..COLOURS).filter(|c| colours & (1 << c) != 0).filter_map(|c| self.band(c)).collect();
        match all.as_slice() {
            [] => None,
            [one] => Some(*one),
            [Color::Rgb(..), ..] => Some(mixed(&all)),
            // A grey of the 256 colours that differs from the one of a single band.
            [Color::Indexed(254), ..] => Some(Color::Indexed(251)),
            _ => Some(Color::Indexed(239)),
        }
    }
}

fn symbol(colour: usize) -> char {
    SYMBOLS[colour % SYMBOLS.len()]
}

/// The mean of the colours, shifted away from the background so that overlaps stand out.
fn mixed(colours: &[Color]) -> Color {
    let mut sums = [0_u32; 3];
    for colour in colours {
        if let Color::Rgb(r, g, b) = colour {
            [*r, *g, *b].iter().zip(&mut sums).for_each(|(part, sum)| *sum += u32::from(*part));
        }
    }
    let [r, g, b] = sums.map(|sum| {
        let mean = sum / colours.len() as u32;
        // Dark tints mean a dark screen.
        (if mean < 128 { mean * 3 / 2 } else { mean * 9 / 10 }).min(255) as u8
    });
    Color::Rgb(r, g, b)
}
