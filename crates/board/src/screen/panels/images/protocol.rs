//! How pictures reach the terminal: which protocol, chosen by the user or asked for, and a picture made ready for it.

use image::DynamicImage;
use ratatui::layout::Size;
use ratatui_image::{
    FilterType, FontSize, Resize,
    protocol::{Protocol, halfblocks::Halfblocks, iterm2::Iterm2, kitty::Kitty, sixel::Sixel},
};

/// What `--images` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Images {
    /// The best that the terminal answers it can.
    #[default]
    Auto,
    /// The protocol of kitty.
    Kitty,
    /// Sixels.
    Sixel,
    /// The protocol of iTerm2.
    Iterm2,
    /// Half-blocks in colour: two points a cell, everywhere.
    Halfblocks,
    /// Names of pictures only.
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

/// How pictures are sent to this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Never [`Images::Auto`].
    pub images: Images,
    /// Width and height of a cell in points.
    pub cell: (u16, u16),
    /// Whether what is sent must pass through tmux.
    pub tmux: bool,
}

impl Way {
    /// Half-blocks: a cell is one point wide and two high.
    pub const HALFBLOCKS: Way = Way { images: Images::Halfblocks, cell: (1, 2), tmux: false };

    /// The picture for a place of `size` cells, as large as fits with its proportions kept; none if it is no picture.
    /// Takes milliseconds: for a thread that nobody waits for.
    pub fn encode(&self, bytes: &[u8], size: Size, id: u32) -> Option<Protocol> {
        let picture = image::load_from_memory(bytes).ok()?;
        let font = FontSize::new(self.cell.0.max(1), self.cell.1.max(1));
        let resize = Resize::Scale(Some(FilterType::Triangle));
        let size = resize.size_for(&picture, font, size);
        let ready = resize.resize(&picture, font, size, None);
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
