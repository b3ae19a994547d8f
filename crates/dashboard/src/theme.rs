//! Styles for each colour depth of the terminal.

mod glyphs;

use ratatui::style::{Color, Modifier, Style};

use clip_lab_chart::palette::{COLOURS, SCREEN};

/// The colour depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// No colours (`NO_COLOR` is set): weight and shape only.
    None,
    /// 16 colours.
    Sixteen,
    /// 256 colours.
    Many,
    /// 24-bit colours.
    True,
}

/// The styles of the dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    depth: Depth,
    light: bool,
    ascii: bool,
}

const SIXTEEN: [Color; COLOURS] = [
    Color::Blue,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::Cyan,
    Color::Red,
    Color::White,
    Color::Gray,
];
const MANY: [u8; COLOURS] = [68, 178, 36, 175, 117, 166, 250, 244];

impl Theme {
    /// A theme of the given depth for a dark terminal.
    pub fn new(depth: Depth) -> Theme {
        Theme { depth, light: false, ascii: false }
    }

    /// The theme from the environment: `NO_COLOR`, then `COLORTERM`, then `TERM`; `COLORFGBG` for the background.
    pub fn from_env() -> Theme {
        let get = |name| std::env::var(name).unwrap_or_default();
        let depth = match (get("NO_COLOR"), get("COLORTERM"), get("TERM")) {
            (no, _, _) if !no.is_empty() => Depth::None,
            (_, _, term) if term == "dumb" => Depth::None,
            (_, colour, _) if colour == "truecolor" || colour == "24bit" => Depth::True,
            (_, _, term) if term.contains("256") => Depth::Many,
            _ => Depth::Sixteen,
        };
        let background = get("COLORFGBG");
        let light = background.ends_with(";15") || background.ends_with(";7");
        let ascii = crate::ascii::needed(&get("LC_ALL"), &get("LC_CTYPE"), &get("LANG"));
        Theme { light, ascii, ..Theme::new(depth) }
    }

    /// The colour depth.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The same theme in plain ASCII.
    pub fn in_ascii(self) -> Theme {
        Theme { ascii: true, ..self }
    }

    /// Whether to draw in plain ASCII.
    pub fn ascii(&self) -> bool {
        self.ascii
    }

    /// The colour of a series.
    pub fn series(&self, colour: usize) -> Color {
        let colour = colour % COLOURS;
        let [r, g, b] = SCREEN[colour];
        match self.depth {
            Depth::None => Color::Reset,
            Depth::Sixteen => SIXTEEN[colour],
            Depth::Many => Color::Indexed(MANY[colour]),
            Depth::True => Color::Rgb(r, g, b),
        }
    }

    /// The background of a series' band; `None` without colours to blend: the band is then shaded.
    pub fn band(&self, colour: usize) -> Option<Color> {
        let paper = if self.light { 255 } else { 0 };
        let mix = SCREEN[colour % COLOURS].map(|part| ((u16::from(part) * 3 + paper * 7) / 10) as u8);
        match self.depth {
            Depth::True => Some(Color::Rgb(mix[0], mix[1], mix[2])),
            Depth::Many => Some(Color::Indexed(if self.light { 254 } else { 236 })),
            Depth::Sixteen | Depth::None => None,
        }
    }

    fn coloured(&self, colour: Color) -> Style {
        if self.depth == Depth::None { Style::new() } else { Style::new().fg(colour) }
    }

    /// Secondary elements: axes, borders, hints.
    pub fn faint(&self) -> Style {
        match self.depth {
            Depth::None => Style::new().add_modifier(Modifier::DIM),
            Depth::Sixteen => self.coloured(Color::DarkGray),
            Depth::Many | Depth::True => self.coloured(Color::Indexed(245)),
        }
    }

    /// Success.
    pub fn good(&self) -> Style {
        self.coloured(Color::Green)
    }

    /// A warning.
    pub fn warning(&self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// An error.
    pub fn bad(&self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The focused element, and keys in hints.
    pub fn strong(&self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The selected line.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Headings.
    pub fn heading(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }
}
