//! The embedded data set: emoji and their names.
//!
//! Images: Twemoji, copyright Twitter, Inc and other contributors, licensed under CC-BY 4.0
//! (<https://creativecommons.org/licenses/by/4.0/>), through the crate `twemoji-assets`. Names, groups and shortcodes:
//! Unicode CLDR and gemoji, through the crate `emojis`.

use clip_lab_plugin_api::prelude::*;
use emojis::{Emoji, Group};
use twemoji_assets::png::PngTwemojiAsset;

use crate::Split;

/// About 1,900 emoji, 72x72 pixels on white, with their names as captions and their groups ("food and drink") as
/// classes. Needs no files. 80% of the emoji are for training, 10% for validation and 10% for test; a hash of the emoji
/// decides, and all skin tones of an emoji are in one split. Images: Twemoji, CC-BY 4.0.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "emoji")]
pub struct EmojiImages {
    /// `train`, `val`, `test` or `all`.
    pub split: Split,
    /// Whether shortcodes ("thumbsup") are captions too, in addition to the name ("thumbs up").
    pub shortcodes: bool,
    /// Whether every skin tone is a separate image.
    pub skin_tones: bool,
}

impl Default for EmojiImages {
    fn default() -> Self {
        Self { split: Split::default(), shortcodes: true, skin_tones: false }
    }
}

impl Settings for EmojiImages {}

struct Entry {
    emoji: &'static Emoji,
    png: &'static [u8],
    captions: Vec<String>,
    class: usize,
}

struct EmojiDataset {
    entries: Vec<Entry>,
    classes: Vec<String>,
    skipped: Vec<String>,
}

impl Plugin<dyn Dataset> for EmojiImages {
    fn properties(&self) -> DataProperties {
        let entries = self.open().entries;
        let captions = entries.iter().map(|entry| entry.captions.len()).sum();
        DataProperties { images: Some(entries.len()), captions: Some(captions), problem: None }
    }

    fn build(&self, _context: ()) -> Result<Box<dyn Dataset>> {
        Ok(Box::new(self.open()))
    }
}

impl EmojiImages {
    fn open(&self) -> EmojiDataset {
        let groups: Vec<Group> = Group::iter().collect();
        let classes = groups.iter().map(|group| group_name(*group)).collect();
        let mut entries = Vec::new();
        let mut missing = Vec::new();
        for base in emojis::iter().filter(|base| self.split.holds(split_of(base))) {
            for emoji in self.tones(base) {
                let Some(png) = png(emoji.as_str()) else {
                    missing.push(emoji.name());
                    continue;
                };
                let class = groups.iter().position(|group| *group == base.group()).unwrap_or_default();
                entries.push(Entry { emoji, png, captions: self.captions(base, emoji), class });
            }
        }
        EmojiDataset { entries, classes, skipped: Vec::from_iter(skipped_message(&missing)) }
    }

    fn tones(&self, base: &'static Emoji) -> Vec<&'static Emoji> {
        match base.skin_tones() {
            Some(tones) if self.skin_tones => tones.collect(),
            _ => vec![base],
        }
    }

    /// The name, then the shortcodes as text, without duplicates. A skin tone is appended to shortcodes too.
    fn captions(&self, base: &'static Emoji, emoji: &'static Emoji) -> Vec<String> {
        let mut captions = vec![emoji.name().to_owned()];
        let tone = emoji.name().strip_prefix(base.name()).map(|rest| rest.trim_start_matches([':', ',']));
        let (true, Some(tone)) = (self.shortcodes, tone) else { return captions };
        for code in base.shortcodes() {
            let comma = if tone.is_empty() { "" } else { "," };
            let caption = format!("{}{comma}{tone}", code.replace('_', " "));
            if !captions.iter().any(|known| known.eq_ignore_ascii_case(&caption)) {
                captions.push(caption);
            }
        }
        captions
    }
}

/// The split of an emoji, the same for all its skin tones.
fn split_of(base: &Emoji) -> Split {
    Split::of(&without_variation_selectors(base.as_str()), 0.1, 0.1)
}

/// Removes variation selectors, which request the image form and are used inconsistently.
fn without_variation_selectors(emoji: &str) -> String {
    emoji.replace('\u{fe0f}', "")
}

fn png(emoji: &str) -> Option<&'static [u8]> {
    PngTwemojiAsset::from_emoji(emoji)
        .or_else(|| PngTwemojiAsset::from_emoji(&without_variation_selectors(emoji)))
        .map(|asset| asset.data.0)
}

/// `FoodAndDrink` as a caption: `food and drink`.
fn group_name(group: Group) -> String {
    let name = format!("{group:?}");
    let spaced: String =
        name.chars().flat_map(|c| c.is_uppercase().then_some(' ').into_iter().chain([c])).collect();
    spaced.trim_start().to_lowercase()
}

fn skipped_message(missing: &[&str]) -> Option<String> {
    let first = missing.first()?;
    Some(format!(
        "{} emoji are newer than the embedded images and were left out (first: {first})",
        missing.len()
    ))
}

impl Dataset for EmojiDataset {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn image(&self, index: usize) -> Result<Image> {
        let entry = self.entries.get(index).context("there is no such emoji")?;
        Ok(Image::Encoded(entry.png.to_vec()))
    }

    fn captions(&self, index: usize) -> &[String] {
        self.entries.get(index).map_or(&[], |entry| &entry.captions)
    }

    fn name(&self, index: usize) -> String {
        self.entries.get(index).map_or_else(String::new, |entry| entry.emoji.name().to_owned())
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn class(&self, index: usize) -> Option<usize> {
        self.entries.get(index).map(|entry| entry.class)
    }

    fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for entry in &self.entries {
            hasher.update(blake3::hash(entry.png).as_bytes());
        }
        format!("emoji-{}", hasher.finalize().to_hex())
    }

    fn skipped(&self) -> &[String] {
        &self.skipped
    }
}
