//! Class folders.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

use crate::common::{error_of, names, opened};
use clip_lab_plugin_api::{Plugin, Problems, Settings};
use image::{Rgb, RgbImage};
use plugins_data::{ImageFolder, Names, Part};
use tempfile::TempDir;

/// A folder with these files; the red value of an image is its number.
fn tree(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (number, file) in files.iter().enumerate() {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let ending = path.extension().unwrap().to_ascii_lowercase();
        if ending == "png" || ending == "bmp" {
            RgbImage::from_pixel(4, 3, Rgb([number as u8, 0, 0])).save(path).unwrap();
        } else {
            fs::write(path, "no image").unwrap();
        }
    }
    dir
}

fn of(root: &Path) -> ImageFolder {
    ImageFolder { root: root.to_owned(), ..Default::default() }
}

fn pets() -> TempDir {
    tree(&["dog/b.png", "dog/more/a.PNG", "cat/c.bmp", "cat/.hidden.png", "cat/notes.txt", "sea_cow/x.png"])
}

#[test]
fn folders_in_alphabetical_order_are_the_classes() {
    let dir = pets();
    let data = opened(&of(dir.path()));
    assert_eq!(data.classes(), ["cat", "dog", "sea_cow"]);
    assert_eq!(names(&*data), ["cat/c.bmp", "dog/b.png", "dog/more/a.PNG", "sea_cow/x.png"]);
    assert_eq!(
        (0..5).map(|index| data.class(index)).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(1), Some(2), None]
    );
    assert_eq!(data.captions(1), ["a photo of a dog."]);
    assert_eq!(data.image(2).unwrap().decode().unwrap().get_pixel(0, 0).0, [1, 0, 0]);
    assert_eq!(data.skipped(), ["files without an image extension: 1 (first: cat/notes.txt)"]);
    assert!(data.captions(9).is_empty() && data.image(9).is_err());
    let properties = of(dir.path()).properties();
    assert_eq!((properties.images, properties.captions), (Some(4), Some(4)));
}

#[test]
fn classes_get_other_names_by_list_or_by_table() {
    let dir = pets();
    let list = Names::List(["tom cat", "hound", "manatee"].map(str::to_owned).to_vec());
    let data = opened(&ImageFolder { names: list, template: "the {}".into(), ..of(dir.path()) });
    assert_eq!((data.classes()[2].as_str(), data.captions(3)), ("manatee", &["the manatee".to_owned()][..]));
    let table = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(folder, name)| ((*folder).to_owned(), (*name).to_owned()));
        ImageFolder { names: Names::Table(pairs.collect::<BTreeMap<_, _>>()), ..of(dir.path()) }
    };
    assert_eq!(opened(&table(&[("sea_cow", "manatee")])).classes(), ["cat", "dog", "manatee"]);
    let error = error_of(&table(&[("seacow", "manatee")]));
    assert!(
        error.contains("folder `seacow` that does not exist; the folders are cat, dog, sea_cow"),
        "{error}"
    );
    let error = error_of(&table(&[("dog", "cat")]));
    assert!(error.contains("`cat` and `dog` are both called `cat`"), "{error}");
    let short = Names::List(vec!["cat".into()]);
    let error = error_of(&ImageFolder { names: short, ..of(dir.path()) });
    assert!(error.contains("lists 1 classes and there are 3 folders"), "{error}");
}

#[test]
fn unreadable_folders_are_reported() {
    let dir = tree(&["a.png", "b.png"]);
    assert!(error_of(&of(&dir.path().join("gone"))).contains("there is no folder"));
    assert_eq!(of(&dir.path().join("gone")).properties().images, None);
    let error = error_of(&of(dir.path()));
    assert!(error.contains("contains no folders (2 images are in it)"), "{error}");
    let dir = tree(&["cat/a.png", "dog/readme.md"]);
    let error = error_of(&of(dir.path()));
    assert!(error.contains("dog contains no image") && error.contains("remove it"), "{error}");
    let dir = tree(&["cat/a.png", "dog/b.png"]);
    let error = error_of(&ImageFolder { split: Part::Val, hold_out: 0.1, ..of(dir.path()) });
    assert!(error.contains("split `val`") && error.contains("hold_out = 0.1"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_to_classes_and_images_count_and_cycles_end() {
    let (dir, chosen) = (pets(), tempfile::tempdir().unwrap());
    let link = |from: &Path, to: &Path| std::os::unix::fs::symlink(from, to).unwrap();
    link(&dir.path().join("dog"), &chosen.path().join("hound"));
    link(dir.path(), &dir.path().join("dog/round"));
    fs::create_dir(chosen.path().join("cow")).unwrap();
    link(&dir.path().join("sea_cow/x.png"), &chosen.path().join("cow/y.png"));
    let chosen = ImageFolder { allow_outside: true, ..of(chosen.path()) };
    assert_eq!(names(&*opened(&chosen)), ["cow/y.png", "hound/b.png", "hound/more/a.PNG"]);
}

/// Two classes of 40 and 10 images.
fn uneven() -> TempDir {
    let files: Vec<String> =
        (0..50).map(|n| format!("{}/{n:02}.png", if n < 40 { "many" } else { "few" })).collect();
    tree(&files.iter().map(String::as_str).collect::<Vec<_>>())
}

fn part(dir: &TempDir, split: Part, hold_out: f64, limit: Option<usize>) -> Vec<String> {
    let settings = ImageFolder { split, hold_out, limit_per_class: limit, ..of(dir.path()) };
    names(&*opened(&settings))
}

#[test]
fn the_held_out_fraction_is_equal_in_every_class_and_disjoint() {
    let dir = uneven();
    let (train, val) = (part(&dir, Part::Train, 0.2, None), part(&dir, Part::Val, 0.2, None));
    let few = |names: &[String]| names.iter().filter(|name| name.starts_with("few")).count();
    assert_eq!((train.len(), few(&train), val.len(), few(&val)), (40, 8, 10, 2));
    let both: HashSet<&String> = train.iter().chain(&val).collect();
    assert_eq!(both.len(), 50);
    assert_eq!(val, part(&dir, Part::Val, 0.2, None));
    assert!(train.is_sorted() && val.is_sorted());
    // A larger fraction only adds images; removing an image moves at most one other of its class.
    let more = part(&dir, Part::Val, 0.4, None);
    assert!(val.iter().all(|name| more.contains(name)) && more.len() == 20);
    fs::remove_file(dir.path().join(&train[20])).unwrap();
    let after = part(&dir, Part::Val, 0.2, None);
    assert!(val.iter().filter(|name| !after.contains(name)).count() <= 1);
}

#[test]
fn a_limit_applies_per_class_and_larger_limits_contain_smaller() {
    let dir = uneven();
    let sizes = [1, 2, 4, 8, 16].map(|limit| part(&dir, Part::Train, 0.2, Some(limit)));
    assert_eq!(sizes.each_ref().map(Vec::len), [2, 4, 8, 16, 24]);
    assert!(sizes.windows(2).all(|pair| pair[0].iter().all(|name| pair[1].contains(name))));
    let val = part(&dir, Part::Val, 0.2, None);
    assert!(sizes[4].iter().all(|name| !val.contains(name)));
    assert_eq!(part(&dir, Part::All, 0.0, Some(3)).len(), 6);
}

#[test]
fn the_fingerprint_depends_on_the_images_and_not_on_class_names() {
    let dir = uneven();
    let print = |settings: ImageFolder| opened(&settings).fingerprint();
    let first = print(of(dir.path()));
    assert_eq!(first, print(of(dir.path())));
    assert_eq!(first, print(ImageFolder { template: "{}".into(), ..of(dir.path()) }));
    assert_ne!(first, print(ImageFolder { limit_per_class: Some(9), ..of(dir.path()) }));
    RgbImage::new(9, 9).save(dir.path().join("many/00.png")).unwrap();
    assert_ne!(first, print(of(dir.path())));
}

#[test]
fn cifar_10_opens_with_its_ten_classes() {
    let Some(root) = clip_lab_testing::data("cifar10") else { return };
    let (train, test) = (opened(&of(&root.join("train"))), opened(&of(&root.join("test"))));
    assert_eq!((train.len(), test.len(), train.classes().len()), (10_000, 3_000, 10));
    assert_eq!(train.classes(), test.classes());
    assert_eq!(train.classes()[1], "automobile");
    assert_eq!(test.image(2_999).unwrap().decode().unwrap().dimensions(), (32, 32));
    assert_eq!((train.class(0), train.class(9_999)), (Some(0), Some(9)));
    let held = ImageFolder { split: Part::Val, hold_out: 0.1, ..of(&root.join("train")) };
    assert_eq!(held.properties().images, Some(1_000));
}

#[test]
fn invalid_values_are_named() {
    let keys = |settings: ImageFolder| {
        let mut problems = Problems::default();
        settings.check(&mut problems);
        problems.found().iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
    };
    let at = || of(Path::new("x"));
    assert!(keys(at()).is_empty());
    assert_eq!(keys(ImageFolder::default()), ["root"]);
    assert_eq!(keys(ImageFolder { template: "a photo".into(), ..at() }), ["template"]);
    assert_eq!(keys(ImageFolder { split: Part::Train, hold_out: 1.0, ..at() }), ["hold_out"]);
    assert_eq!(keys(ImageFolder { split: Part::Val, ..at() }), ["split"]);
    assert_eq!(keys(ImageFolder { hold_out: 0.1, ..at() }), ["hold_out"]);
    assert_eq!(keys(ImageFolder { limit_per_class: Some(0), ..at() }), ["limit_per_class"]);
    assert!(keys(ImageFolder { split: Part::Train, hold_out: 0.1, ..at() }).is_empty());
}
