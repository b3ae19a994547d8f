//! A data set: generated images of coloured squares.

use clip_lab_plugin_api::prelude::*;
use image::{Rgb, RgbImage};

/// Squares on black, each with a colour and a position, and a caption that names both. The colours are the classes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MyPlugin {
    /// Side of the images, in pixels.
    pub side: u32,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self { side: 32 }
    }
}

impl Settings for MyPlugin {
    fn check(&self, problems: &mut Problems) {
        problems.require((4..=4096).contains(&self.side), "side", "must be from 4 to 4096");
    }
}

impl Plugin<dyn Dataset> for MyPlugin {
    fn properties(&self) -> DataProperties {
        let images = COLOURS.len() * PLACES.len();
        DataProperties { images: Some(images), captions: Some(images), problem: None }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Dataset>> {
        let all = COLOURS.iter().flat_map(|colour| PLACES.map(|place| (colour.0, place.0)));
        let captions = all.map(|(colour, place)| vec![format!("a {colour} square at the {place}")]).collect();
        let classes = COLOURS.iter().map(|colour| colour.0.to_owned()).collect();
        Ok(Box::new(Squares { side: self.side, captions, classes }))
    }
}

const COLOURS: [(&str, [u8; 3]); 4] =
    [("red", [220, 30, 30]), ("green", [30, 200, 60]), ("blue", [40, 60, 220]), ("yellow", [230, 210, 40])];
/// Names and corners, in quarters of the side.
const PLACES: [(&str, [u32; 2]); 3] = [("left", [0, 1]), ("right", [2, 1]), ("top", [1, 0])];

struct Squares {
    side: u32,
    captions: Vec<Vec<String>>,
    classes: Vec<String>,
}

impl Dataset for Squares {
    fn len(&self) -> usize {
        self.captions.len()
    }

    fn image(&self, index: usize) -> Result<Image> {
        let (colour, place) = (COLOURS[index / PLACES.len()].1, PLACES[index % PLACES.len()].1);
        let [left, top] = place.map(|quarter| quarter * self.side / 4);
        let inside =
            |x: u32, y: u32| x.wrapping_sub(left) < self.side / 2 && y.wrapping_sub(top) < self.side / 2;
        let colour_at = |x, y| Rgb(if inside(x, y) { colour } else { [0; 3] });
        Ok(RgbImage::from_fn(self.side, self.side, colour_at).into())
    }

    fn captions(&self, index: usize) -> &[String] {
        &self.captions[index]
    }

    fn name(&self, index: usize) -> String {
        format!("square {index}")
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        Some(index / PLACES.len())
    }

    fn fingerprint(&self) -> String {
        format!("squares of {} pixels, first edition", self.side)
    }
}

/// Registers the plugins of this crate.
pub fn register(catalog: &mut Catalog) {
    catalog.data.add::<MyPlugin>("my_plugin");
}

clip_lab_plugin_api::export_plugin!(register);
