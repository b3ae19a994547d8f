//! The graphics protocols of terminals, and encoding an image for one.

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::{
    FilterType, FontSize, Resize,
    protocol::{Protocol, halfblocks::Halfblocks, iterm2::Iterm2, kitty::Kitty, sixel::Sixel},
};

/// The values of `--images`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Images {
    /// The best protocol that the terminal reports.
    #[default]
    Auto,
    /// The kitty graphics protocol.
    Kitty,
    /// Sixels.
    Sixel,
    /// The iTerm2 protocol.
    Iterm2,
    /// Coloured half-blocks: two pixels per cell, on every terminal.
    Halfblocks,
    /// Image names only.
    Off,
}

impl Images {
    /// Every choice with its name on the command line.
    pub const ALL: [(Images, &str); 6] = [
        (Images::Auto, "auto"),
        (Images::Kitty, "kitty"),
        (Images::Sixel, "sixel"),
        (Images::Iterm2, "iterm2"),
        (Images::Halfblocks, "halfblocks"),
        (Images::Off, "off"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Images::ALL.iter().find(|(images, _)| *images == self).map_or("", |(_, name)| name)
    }
}

/// How images are sent to this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoder {
    /// Never [`Images::Auto`].
    pub images: Images,
    /// Width and height of a cell in pixels.
    pub cell: (u16, u16),
    /// Whether escape sequences must be wrapped for tmux.
    pub tmux: bool,
}

impl Encoder {
    /// Half-blocks: a cell is one pixel wide and two high.
    pub const HALFBLOCKS: Encoder = Encoder { images: Images::Halfblocks, cell: (1, 2), tmux: false };

    /// Encodes the image to fit `size` cells at its aspect ratio; `None` if it cannot be decoded.
    /// Takes milliseconds: run it on a background thread.
    pub fn encode(&self, bytes: &[u8], size: Size, id: u32) -> Option<Protocol> {
        let decoded = image::load_from_memory(bytes).ok()?;
        let font = FontSize::new(self.cell.0.max(1), self.cell.1.max(1));
        let resize = Resize::Scale(Some(FilterType::Triangle));
        let size = resize.size_for(&decoded, font, size);
        let ready = resize.resize(&decoded, font, size, None);
        self.protocol(ready, size, id).ok()
    }

    fn protocol(
        &self,
        ready: DynamicImage,
        size: Size,
        id: u32,
    ) -> Result<Protocol, ratatui_image::errors::Errors> {
        Ok(match self.images {
            Images::Kitty => Protocol::Kitty(Kitty::new(ready, size, id, self.tmux, false)?),
            Images::Sixel => Protocol::Sixel(Sixel::new(ready, size, self.tmux)?),
            Images::Iterm2 => Protocol::ITerm2(Iterm2::new(ready, size, self.tmux)?),
            _ => Protocol::Halfblocks(Halfblocks::new(ready, size)?),
        })
    }
}
