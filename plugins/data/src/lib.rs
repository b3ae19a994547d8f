//! Data sets.

mod captions;
mod emoji;
mod picture;
mod split;

use clip_lab_api::Catalog;

pub use captions::CaptionFolder;
pub use emoji::EmojiPictures;
pub use picture::{MOST_PIXELS, decode, open};
pub use split::Split;

/// Puts the data sets on the shelf.
pub fn register(catalog: &mut Catalog) {
    catalog.data.add::<EmojiPictures>("emoji");
    catalog.data.add::<CaptionFolder>("captions");
}
