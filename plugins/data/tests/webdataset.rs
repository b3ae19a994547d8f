//! Data sets in tar shards: opening, mixing, skipping, errors. No test touches the user's cache: these tests set
//! an environment variable, so they are a program of their own.

#[path = "all/common.rs"]
mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use clip_lab_plugin_api::{Plugin, Problems, Settings};
use clip_lab_shards::{NewSample, Writer};
use clip_lab_testing::{Fault, Server};
use common::{error_of, names, opened};
use image::{ImageFormat, Rgb, RgbImage};
use plugins_data::{ShardList, Source, WebDataset};
use tempfile::TempDir;

fn image(number: u8) -> RgbImage {
    RgbImage::from_fn(5, 4, |x, y| Rgb([number, x as u8 * 40, y as u8 * 50]))
}

fn sample(number: usize) -> NewSample {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image(number as u8).write_to(&mut bytes, ImageFormat::Png).unwrap();
    NewSample {
        key: format!("{number:04}"),
        ending: "png".into(),
        image: bytes.into_inner(),
        captions: vec![format!("image {number}"), format!("again {number}")],
        class: None,
        file: format!("{number}.png"),
    }
}

/// Shards `PREFIX-000000.tar`, ... with the given number of images each.
fn shards(folder: &Path, prefix: &str, shards: usize, each: usize, change: impl Fn(&mut NewSample)) {
    for shard in 0..shards {
        // One shard per call, so that each has exactly this number of images.
        let here = folder.join(format!("{prefix}{shard}"));
        let (mut writer, _) = Writer::resume(&here, "x", u64::MAX).unwrap();
        for number in shard * each..(shard + 1) * each {
            let mut sample = sample(number);
            change(&mut sample);
            writer.write(&sample).unwrap();
        }
        writer.finish().unwrap();
        fs::rename(here.join("x-000000.tar"), folder.join(format!("{prefix}-{shard:06}.tar"))).unwrap();
    }
}

/// A folder for shards. The whole test program uses a cache of its own.
fn folder() -> TempDir {
    static CACHE: LazyLock<PathBuf> = LazyLock::new(|| {
        let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("webdataset-cache");
        // SAFETY: set once, before any thread of this program reads it.
        #[allow(unsafe_code)]
        unsafe {
            env::set_var("CLIP_LAB_CACHE", &cache)
        };
        cache
    });
    assert!(CACHE.is_absolute());
    tempfile::tempdir().unwrap()
}

fn settings(pattern: &Path) -> WebDataset {
    WebDataset { shards: ShardList::One(pattern.display().to_string()), ..Default::default() }
}

#[test]
fn images_captions_and_names_are_in_order() {
    let dir = folder();
    shards(dir.path(), "a", 3, 4, |_| {});
    let settings = settings(&dir.path().join("a-{000000..000002}.tar"));
    let data = opened(&settings);
    assert_eq!((data.len(), data.skipped()), (12, &[][..]));
    assert_eq!(names(&*data)[5], "a-000001.tar/0005.png");
    assert_eq!(data.captions(5), ["image 5", "again 5"]);
    for number in [11, 0, 5] {
        assert_eq!(data.image(number).unwrap().decode().unwrap(), image(number as u8), "in any order");
    }
    assert_eq!((settings.properties().images, settings.properties().captions), (Some(12), Some(24)));
    assert_eq!(data.fingerprint(), opened(&settings).fingerprint());
    assert!(data.sampling().is_none(), "a full shuffle");
    assert!(data.image(12).is_err() && data.captions(12).is_empty());
}

#[test]
fn a_folder_contains_shards_and_equal_names_are_disambiguated() {
    let (one, two) = (folder(), folder());
    shards(one.path(), "a", 2, 2, |_| {});
    shards(two.path(), "a", 1, 2, |_| {});
    let sources = [&one, &two].map(|dir| Source::Plain(dir.path().display().to_string()));
    let settings = WebDataset { shards: ShardList::Several(sources.to_vec()), ..Default::default() };
    let data = opened(&settings);
    let all = names(&*data);
    assert_eq!(all.len(), 6);
    assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 6);
    assert!(all[0].starts_with(&one.path().display().to_string()), "{}", all[0]);
}

#[test]
fn classes_are_numbers_names_or_both() {
    let dir = folder();
    shards(dir.path(), "a", 1, 4, |sample| {
        sample.class = sample.key.parse::<usize>().ok().map(|number| number % 3);
        sample.captions.clear();
    });
    let plain = settings(&dir.path().join("a-000000.tar"));
    let data = opened(&plain);
    assert_eq!((data.classes(), data.class(2)), (&["0", "1", "2"].map(str::to_owned)[..], Some(2)));
    assert_eq!(data.captions(1), ["a photo of a 1."]);
    let classes = ["cat", "dog", "fox"].map(str::to_owned).to_vec();
    let named = opened(&WebDataset { classes: classes.clone(), ..plain.clone() });
    assert_eq!((named.classes(), named.captions(2)), (&classes[..], &["a photo of a fox.".to_owned()][..]));
    let few = error_of(&WebDataset { classes: classes[..2].to_vec(), ..plain });
    assert!(few.contains("has `2`"), "{few}");
}

#[test]
fn weights_and_buffers_define_the_sampling() {
    let dir = folder();
    shards(dir.path(), "a", 2, 3, |_| {});
    shards(dir.path(), "b", 1, 3, |_| {});
    let path = |name: &str| dir.path().join(name).display().to_string();
    let weighted = |name, weight| Source::Weighted { path: path(name), weight };
    let settings = WebDataset {
        shards: ShardList::Several(vec![
            weighted("a-{000000..000001}.tar", 1.0),
            weighted("b-000000.tar", 3.0),
        ]),
        shuffle_buffer: Some(100),
        ..Default::default()
    };
    let data = opened(&settings);
    let sampling = data.sampling().unwrap();
    assert_eq!(
        sampling.sources.iter().map(|s| (s.images.clone(), s.weight)).collect::<Vec<_>>(),
        [(0..6, 1.0), (6..9, 3.0)]
    );
    assert_eq!((&sampling.chunks[..], sampling.buffer), (&[0..3, 3..6, 6..9][..], Some(100)));
    let buffered = WebDataset { shards: ShardList::One(path("a-{000000..000001}.tar")), ..settings };
    assert_eq!(opened(&buffered).sampling().unwrap().sources.len(), 1);
}

#[test]
fn missing_and_truncated_shards_are_reported_and_tolerated_up_to_a_fraction() {
    let dir = folder();
    shards(dir.path(), "a", 4, 5, |_| {});
    let cut = dir.path().join("a-000001.tar");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(dir.path().join("a-000003.tar")).unwrap();
    let strict = settings(&dir.path().join("a-{000000..000003}.tar"));
    let error = error_of(&strict);
    assert!(error.contains("2 of 4 shards cannot be used, more than tolerate = 0.05"), "{error}");
    assert!(
        error.contains("a-000001.tar ends at byte") && error.contains("a-000003.tar cannot be read"),
        "{error}"
    );
    let data = opened(&WebDataset { tolerate: 0.5, ..strict });
    assert!((10..15).contains(&data.len()), "{}", data.len());
    assert!(data.skipped().len() >= 2, "{:?}", data.skipped());
    (0..data.len()).for_each(|index| drop(data.image(index).unwrap().decode().unwrap()));
}

#[test]
fn unusable_images_are_reported_and_tolerated_up_to_a_fraction() {
    let dir = folder();
    shards(dir.path(), "a", 1, 50, |sample| {
        if sample.key == "0007" {
            sample.captions.clear();
        }
    });
    let one = settings(&dir.path().join("a-000000.tar"));
    let data = opened(&one);
    assert_eq!(data.len(), 49);
    let message = data.skipped().join("; ");
    assert_eq!(message, "images with neither caption nor class: 1, skipped (a-000000.tar/0007)");
    let error = error_of(&WebDataset { tolerate: 0.01, ..one });
    assert!(error.contains("1 of 50 images cannot be used"), "{error}");
}

#[test]
fn a_shard_that_vanishes_or_changes_loses_only_its_images() {
    let dir = folder();
    shards(dir.path(), "a", 2, 2, |_| {});
    let data = opened(&settings(&dir.path().join("a-{000000..000001}.tar")));
    fs::remove_file(dir.path().join("a-000001.tar")).unwrap();
    fs::write(dir.path().join("a-000000.tar"), [0; 700]).unwrap();
    let message = |index| format!("{:#}", data.image(index).unwrap_err());
    assert!(message(2).contains("a-000001.tar cannot be read"), "{}", message(2));
    assert!(message(0).contains("was changed meanwhile"), "{}", message(0));
}

#[test]
fn remote_shards_are_downloaded_once_and_errors_tolerated() {
    let (dir, server) = (folder(), Server::start());
    shards(dir.path(), "a", 3, 4, |_| {});
    let bytes = |shard| fs::read(dir.path().join(format!("a-00000{shard}.tar"))).unwrap();
    server.put("/s/a-000000.tar", &bytes(0), &[Fault::Status(500)]);
    let last = server.put("/s/a-000001.tar", &bytes(1), &[Fault::Part(0.5), Fault::Status(503)]);
    let pattern = last.replace("000001.tar", "{000000..000002}.tar");
    let three = WebDataset { shards: ShardList::One(pattern), tolerate: 0.4, ..Default::default() };
    assert_eq!(three.properties().images, None, "nothing is downloaded for the properties");
    let data = opened(&three);
    assert_eq!((data.len(), data.skipped().len()), (8, 1), "{:?}", data.skipped());
    assert!(
        data.skipped()[0].contains("a-000002.tar cannot be fetched") && data.skipped()[0].contains("404")
    );
    assert_eq!(data.image(7).unwrap().decode().unwrap(), image(7));
    let requests = server.requests();
    assert_eq!(names(&*opened(&three)), names(&*data));
    assert_eq!(server.requests(), requests + 1, "requests only missing shards");
    assert!(error_of(&WebDataset { tolerate: 0.1, ..three }).contains("1 of 3 shards cannot be used"));
}

#[test]
fn evicted_shards_are_prefetched_again() {
    let (dir, server) = (folder(), Server::start());
    shards(dir.path(), "b", 6, 4, |_| {});
    let mut address = String::new();
    for shard in 0..6 {
        let file = format!("b-{shard:06}.tar");
        address = server.put(&format!("/{file}"), &fs::read(dir.path().join(&file)).unwrap(), &[]);
    }
    let pattern = address.replace("000005.tar", "{000000..000005}.tar");
    let small = WebDataset { shards: ShardList::One(pattern), cache_gb: 1e-6, ..Default::default() };
    let error = error_of(&small);
    assert!(error.contains("set shuffle_buffer"), "{error}");
    let data = opened(&WebDataset { shuffle_buffer: Some(8), ..small });
    // Opening leaves an arbitrary shard in the cache. Now it is the first.
    assert_eq!(data.image(0).unwrap().decode().unwrap(), image(0));
    let before = server.requests();
    data.prefetch(&(8..24).collect::<Vec<_>>());
    // Shard 2, which is read next, and the two after it; no image has been read yet.
    let asked = || server.asked()[before..].iter().map(|asked| asked.path.clone()).collect::<Vec<_>>();
    for _ in 0..200 {
        if asked().len() == 3 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(asked(), ["/b-000002.tar", "/b-000003.tar", "/b-000004.tar"]);
    assert_eq!(data.image(23).unwrap().decode().unwrap(), image(23));
}

#[test]
fn invalid_settings_are_found_before_anything_is_read() {
    let message = |settings: WebDataset| {
        let mut problems = Problems::default();
        settings.check(&mut problems);
        problems
            .found()
            .iter()
            .map(|(key, message)| format!("{key}: {message}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let one = |pattern: &str| WebDataset { shards: ShardList::One(pattern.into()), ..Default::default() };
    assert!(message(WebDataset::default()).contains("shards: must name the shards"));
    assert!(message(one("a-{0..}.tar")).contains("is not a number"));
    assert!(message(one("ftp://host/a.tar")).contains("not from ftp://"));
    let twice = ["a.tar", "{a,b}.tar"].map(|path| Source::Plain(path.into())).to_vec();
    assert!(
        message(WebDataset { shards: ShardList::Several(twice), ..Default::default() })
            .contains("named twice")
    );
    let mixed = vec![Source::Plain("a.tar".into()), Source::Weighted { path: "b.tar".into(), weight: 1.0 }];
    assert!(
        message(WebDataset { shards: ShardList::Several(mixed), ..Default::default() })
            .contains("weights must be")
    );
    assert_eq!(message(one("https://host/a-{00..11}.tar")), "");
    let worse =
        WebDataset { tolerate: 2.0, tries: 0, cache_gb: 0.0, shuffle_buffer: Some(0), ..one("a.tar") };
    assert_eq!(message(worse).lines().count(), 4);
}
