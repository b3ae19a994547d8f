//! Colour maps for each colour depth of the terminal.

use ratatui::style::Color;

use crate::theme::{Depth, Theme};

/// Viridis at equal distances, dark to light: perceptually uniform, and readable with colour blindness.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
];
/// Diverging: blue, dark grey, orange.
const DIVERGING: [[u8; 3]; 5] = [[116, 199, 242], [40, 96, 160], [48, 48, 48], [166, 106, 0], [255, 190, 60]];

const SIXTEEN: [Color; 5] = [Color::Blue, Color::Cyan, Color::Green, Color::LightGreen, Color::LightYellow];
const SIXTEEN_DIVERGING: [Color; 5] =
    [Color::LightCyan, Color::Blue, Color::DarkGray, Color::Yellow, Color::LightYellow];

/// The kind of a colour map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ramp {
    /// Sequential: from low to high.
    Sequential,
    /// Diverging around zero.
    Diverging,
}

/// Whether entries are coloured blocks; otherwise they are characters.
pub fn blocks(theme: &Theme) -> bool {
    theme.depth() != Depth::None && !theme.ascii()
}

/// The colour of `position`, from 0 to 1; `None` without colours.
pub fn colour(ramp: Ramp, position: f64, theme: &Theme) -> Option<Color> {
    if !position.is_finite() {
        return (theme.depth() != Depth::None).then_some(Color::Red);
    }
    let (stops, few): (&[[u8; 3]], _) = match ramp {
        Ramp::Sequential => (&VIRIDIS, SIXTEEN),
        Ramp::Diverging => (&DIVERGING, SIXTEEN_DIVERGING),
    };
    let [r, g, b] = between(stops, position);
    match theme.depth() {
        Depth::None => None,
        Depth::Sixteen => Some(few[(position.clamp(0.0, 1.0) * 4.0).round() as usize]),
        Depth::Many => Some(Color::Indexed(cube([r, g, b]))),
        Depth::True => Some(Color::Rgb(r, g, b)),
    }
}

/// The character of `position` without colours: shades, or digits in plain ASCII.
pub fn symbol(position: f64, theme: &Theme) -> char {
    match (position.is_finite(), theme.ascii()) {
        (false, true) => '!',
        (false, false) => '✕',
        (true, true) => char::from(b'0' + (position.clamp(0.0, 1.0) * 9.0).round() as u8),
        (true, false) => [' ', '░', '▒', '▓', '█'][(position.clamp(0.0, 1.0) * 4.0).round() as usize],
    }
}

fn between(stops: &[[u8; 3]], position: f64) -> [u8; 3] {
    let at = position.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let (low, t) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(stops.len() - 1);
    std::array::from_fn(|i| {
        (f64::from(stops[low][i]) * (1.0 - t) + f64::from(stops[high][i]) * t).round() as u8
    })
}

/// The nearest colour of the 6×6×6 cube of the 256-colour palette.
fn cube(rgb: [u8; 3]) -> u8 {
    const LEVELS: [i16; 6] = [0, 95, 135, 175, 215, 255];
    let nearest_level =
        |part: u8| (0..6).min_by_key(|i| (LEVELS[*i] - i16::from(part)).abs()).unwrap_or(0) as u8;
    16 + 36 * nearest_level(rgb[0]) + 6 * nearest_level(rgb[1]) + nearest_level(rgb[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_its_ends_at_every_depth() {
        let of = |depth, position| colour(Ramp::Sequential, position, &Theme::new(depth));
        assert_eq!(of(Depth::True, 0.0), Some(Color::Rgb(68, 1, 84)));
        assert_eq!(of(Depth::True, 2.0), Some(Color::Rgb(253, 231, 37)));
        assert_eq!(of(Depth::Many, 1.0), Some(Color::Indexed(16 + 36 * 5 + 6 * 4)));
        assert_eq!(of(Depth::Sixteen, 0.5), Some(Color::Green));
        assert_eq!(of(Depth::None, 0.5), None);
        assert_eq!(of(Depth::Sixteen, f64::NAN), Some(Color::Red));
    }

    #[test]
    fn symbols_need_no_colour() {
        let theme = Theme::new(Depth::None);
        assert_eq!([0.0, 0.5, 1.0, f64::NAN].map(|position| symbol(position, &theme)), [' ', '▒', '█', '✕']);
    }
}
