//! Data sets.

mod captions;
mod emoji;
mod image_folder;
mod split;
mod stamps;
mod webdataset;

use clip_lab_plugin_api::Catalog;

pub use captions::{CaptionFolder, Format};
pub use emoji::EmojiImages;
pub use image_folder::{Found, ImageFolder, Names, Part, below};
pub use split::Split;
pub use stamps::stamp;
pub use webdataset::{ShardList, Source, WebDataset};

/// Registers the data sets.
pub fn register(catalog: &mut Catalog) {
    catalog.data.add::<EmojiImages>("emoji");
    catalog.data.add::<CaptionFolder>("captions");
    catalog.data.add::<ImageFolder>("image_folder");
    catalog.data.add::<WebDataset>("webdataset");
}
