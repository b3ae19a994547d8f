//! How curves differ where colours do not tell them apart, or where there are no signs but ASCII.

use ratatui::style::{Color, Modifier};

use super::theme::{Depth, Theme};
use crate::palette::COLOURS;

/// Line styles as they look beside a label.
const SAMPLES: [&str; 6] = ["──", "╌╌", "··", "━╌", "┅┅", "∙ "];
/// One sign for each series in ASCII.
const SIGNS: [char; 12] = ['*', '+', 'o', 'x', '#', '@', '%', '&', '=', '~', '^', 'v'];

impl Theme {
    /// The line style of a series: what has the colour of another differs by it, and where nothing has a colour, all do.
    pub fn dash(&self, colour: usize, dash: usize) -> usize {
        if self.depth() == Depth::None && !self.ascii() { colour + dash } else { colour / COLOURS + dash }
    }

    /// What stands before a label where colour does not lead from it to its line; empty else.
    pub fn sample(&self, colour: usize, dash: usize) -> String {
        match (self.ascii(), self.depth()) {
            (true, _) => format!("{} ", sign(colour)),
            (false, Depth::None) => format!("{} ", SAMPLES[self.dash(colour, dash) % SAMPLES.len()]),
            (false, _) if colour >= COLOURS => {
                format!("{} ", SAMPLES[self.dash(colour, dash) % SAMPLES.len()])
            }
            (false, _) => String::new(),
        }
    }

    /// The sign of a cell with these dots of braille.
    pub fn dots(&self, dots: u8, point: bool, colour: usize) -> char {
        match (self.ascii(), point) {
            (true, _) => sign(colour),
            (false, true) => '•',
            (false, false) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
        }
    }

    /// Bold for what is in front, dim for what is behind it, neither where nothing is in front.
    pub fn weight(&self, colour: usize, front: Option<usize>) -> Modifier {
        match front {
            Some(front) if front == colour => Modifier::BOLD,
            Some(_) => Modifier::DIM,
            None => Modifier::empty(),
        }
    }

    /// The background where the bands of these colours lie over each other, a bit for each; none without colours.
    pub fn bands(&self, colours: u8) -> Option<Color> {
        let all: Vec<Color> =
            (0..COLOURS).filter(|c| colours & (1 << c) != 0).filter_map(|c| self.band(c)).collect();
        match all.as_slice() {
            [] => None,
            [one] => Some(*one),
            [Color::Rgb(..), ..] => Some(mixed(&all)),
            // Of the greys of 256 colours, one that differs from that of a single band.
            [Color::Indexed(254), ..] => Some(Color::Indexed(251)),
            _ => Some(Color::Indexed(239)),
        }
    }
}

fn sign(colour: usize) -> char {
    SIGNS[colour % SIGNS.len()]
}

/// The mean of the colours, away from the background: what lies over each other stands out from both.
fn mixed(colours: &[Color]) -> Color {
    let mut sums = [0_u32; 3];
    for colour in colours {
        if let Color::Rgb(r, g, b) = colour {
            [*r, *g, *b].iter().zip(&mut sums).for_each(|(part, sum)| *sum += u32::from(*part));
        }
    }
    let [r, g, b] = sums.map(|sum| {
        let mean = sum / colours.len() as u32;
        // Dark tints are of a dark screen.
        (if mean < 128 { mean * 3 / 2 } else { mean * 9 / 10 }).min(255) as u8
    });
    Color::Rgb(r, g, b)
}
