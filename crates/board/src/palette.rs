//! Colours that the colour-blind can tell apart, the same for a run on every chart.

/// How many series differ by colour.
pub const COLOURS: usize = 8;

/// The colour of what others are compared with, and of nothing else where groups have colours.
pub const REFERENCE: usize = 7;

/// The palette of Okabe and Ito (2008) for white paper, ordered so that neighbours differ; its yellow,
/// which paper swallows, is left out for a grey.
pub const PAPER: [[u8; 3]; COLOURS] = [
    [0x00, 0x72, 0xB2],
    [0xE6, 0x9F, 0x00],
    [0x00, 0x9E, 0x73],
    [0xCC, 0x79, 0xA7],
    [0x56, 0xB4, 0xE9],
    [0xD5, 0x5E, 0x00],
    [0x00, 0x00, 0x00],
    [0x7F, 0x7F, 0x7F],
];

/// The same hues, light enough for a dark terminal and dark enough for a light one.
pub const SCREEN: [[u8; 3]; COLOURS] = [
    [0x3D, 0x8B, 0xD9],
    [0xE6, 0x9F, 0x00],
    [0x00, 0xA9, 0x7A],
    [0xCC, 0x79, 0xA7],
    [0x74, 0xC7, 0xF2],
    [0xE0, 0x6C, 0x1B],
    [0xB8, 0xB8, 0xB8],
    [0x80, 0x80, 0x80],
];
