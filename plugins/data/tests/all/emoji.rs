//! The embedded data set.

use std::collections::{HashMap, HashSet};

use crate::common::{names, opened};
use clip_lab_plugin_api::{Catalog, Plugin};
use image::Rgb;
use plugins_data::{EmojiImages, Split};

fn part(split: Split, skin_tones: bool) -> EmojiImages {
    EmojiImages { split, skin_tones, ..Default::default() }
}

#[test]
fn all_data_sets_are_registered() {
    let mut catalog = Catalog::default();
    plugins_data::register(&mut catalog);
    assert_eq!(catalog.data.names(), ["emoji", "captions", "image_folder", "webdataset"]);
}

#[test]
fn every_emoji_decodes_to_72_pixels_on_white() {
    let settings = part(Split::All, false);
    let data = opened(&settings);
    eprintln!("{} emoji, {:?}, {:?}", data.len(), settings.properties(), data.skipped());
    assert!(data.len() > 1850 && settings.properties().images == Some(data.len()));
    let mut corners = 0;
    for index in 0..data.len() {
        let image = data.image(index).unwrap().decode().unwrap();
        assert_eq!(image.dimensions(), (72, 72));
        corners += usize::from(image.get_pixel(0, 0) == &Rgb([255; 3]));
        assert!(!data.captions(index).is_empty() && data.class(index).unwrap() < data.classes().len());
    }
    assert!(corners * 10 > data.len() * 9);
}

#[test]
fn captions_are_the_name_and_the_shortcodes_each_once() {
    let data = opened(&part(Split::All, false));
    let captions: HashMap<String, Vec<String>> =
        (0..data.len()).map(|index| (data.name(index), data.captions(index).to_vec())).collect();
    assert_eq!(captions["thumbs up"], ["thumbs up", "+1", "thumbsup"]);
    assert_eq!(captions["flag: Niger"], ["flag: Niger", "niger"]);
    assert!(captions.values().all(|list| list.iter().collect::<HashSet<_>>().len() == list.len()));
    let bare = opened(&EmojiImages { shortcodes: false, ..part(Split::All, false) });
    assert!((0..bare.len()).all(|index| bare.captions(index) == [bare.name(index)]));
}

#[test]
fn groups_are_the_classes() {
    let data = opened(&part(Split::Test, false));
    assert_eq!(data.classes().len(), 9);
    assert_eq!(data.classes()[3], "food and drink");
    let used: HashSet<usize> = (0..data.len()).filter_map(|index| data.class(index)).collect();
    assert_eq!(used.len(), 9);
}

/// The base emoji, by the name of any of its skin tones.
fn bases() -> HashMap<&'static str, &'static str> {
    let toned = emojis::iter().flat_map(|base| {
        let tones = base.skin_tones().into_iter().flatten().map(|emoji| (emoji.name(), base.as_str()));
        tones.chain([(base.name(), base.as_str())])
    });
    toned.collect()
}

#[test]
fn splits_are_disjoint_cover_everything_and_keep_skin_tones_together() {
    let bases = bases();
    let concepts = |split, tones| -> HashSet<&str> {
        names(&*opened(&part(split, tones))).iter().map(|name| bases[name.as_str()]).collect()
    };
    for tones in [false, true] {
        let parts = [Split::Train, Split::Val, Split::Test].map(|split| concepts(split, tones));
        let sizes = parts.each_ref().map(HashSet::len);
        let all: HashSet<&&str> = parts.iter().flatten().collect();
        assert_eq!(sizes.iter().sum::<usize>(), all.len(), "{sizes:?}");
        assert_eq!(all.len(), concepts(Split::All, tones).len());
        assert!((140..260).contains(&sizes[1]) && (140..260).contains(&sizes[2]), "{sizes:?}");
    }
}

#[test]
fn skin_tones_are_separate_images_and_named() {
    let (plain, toned) = (opened(&part(Split::All, false)), opened(&part(Split::All, true)));
    eprintln!("{} with skin tones, {:?}", toned.len(), toned.skipped());
    assert!(toned.len() > plain.len() + 1000);
    let names = names(&*toned);
    let wave = names.iter().position(|name| name == "waving hand: light skin tone").unwrap();
    assert_eq!(toned.captions(wave), ["waving hand: light skin tone", "wave, light skin tone"]);
    assert_ne!(plain.fingerprint(), toned.fingerprint());
}
