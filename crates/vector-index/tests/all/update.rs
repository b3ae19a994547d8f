//! Updates of an index: images added, changed, removed, unreadable; and invalid files.

use std::{collections::HashMap, fs, path::Path};

use clip_lab_vector_index::{EmbedResult, Entry, Index, Stamp, Update};
use tempfile::TempDir;

const MODEL: &str = "model a";
const DIM: usize = 3;

fn stamp(name: &str, size: u64) -> Stamp {
    Stamp { name: name.to_owned(), mark: [size, 7] }
}

/// An embedding that identifies its image.
fn row(seed: u64) -> Vec<f32> {
    vec![seed as f32, 0.5, -1.0]
}

/// Brings the index at `path` up to date; images called `bad...` are unreadable.
fn update(path: &Path, now: &[Stamp]) -> (Index, Update) {
    let old = Index::read(path, MODEL).ok();
    let update = Update::between(old.as_ref(), now.to_vec());
    let embed = |&image: &usize| {
        let stamp = &now[image];
        let bad = stamp.name.starts_with("bad");
        let fresh = if bad {
            EmbedResult::Unreadable("cut short".to_owned())
        } else {
            EmbedResult::Row(row(stamp.mark[0]))
        };
        (image, fresh)
    };
    let fresh: HashMap<usize, EmbedResult> = update.to_embed.iter().map(embed).collect();
    (update.apply(old.as_ref(), &fresh, (path, MODEL, DIM)).unwrap(), update)
}

fn names(index: &Index) -> Vec<&str> {
    (0..index.len()).map(|row| index.name(row)).collect()
}

fn place() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/gallery.safetensors");
    (folder, path)
}

#[test]
fn only_what_is_new_or_changed_is_embedded() {
    let (_folder, path) = place();
    let (index, first) = update(&path, &[stamp("a", 1), stamp("bad", 2), stamp("c", 3)]);
    assert_eq!((first.to_embed.as_slice(), first.changed, first.removed), (&[0, 1, 2][..], 0, 0));
    assert_eq!(
        (names(&index), index.unreadable().collect::<Vec<_>>()),
        (vec!["a", "c"], vec![("bad", "cut short")])
    );

    // c changed, bad is unchanged, a is gone, b and d are new; the order is that of the current images.
    let now = [stamp("b", 9), stamp("bad", 2), stamp("c", 4), stamp("d", 5)];
    let (index, second) = update(&path, &now);
    assert_eq!((second.to_embed.as_slice(), second.changed, second.removed), (&[0, 2, 3][..], 1, 1));
    assert_eq!(names(&index), ["b", "c", "d"]);
    assert_eq!([0, 1, 2].map(|place| index.row(place)), [9, 4, 5].map(row));
    assert_eq!(index.entries().len(), 4);

    let (_, third) = update(&path, &now);
    assert!(third.to_embed.is_empty() && third.is_up_to_date(Some(&index)));
    let moved = [now[1].clone(), now[0].clone(), now[2].clone(), now[3].clone()];
    let (index, fourth) = update(&path, &moved);
    assert!(fourth.to_embed.is_empty() && fourth.removed == 0 && !fourth.is_up_to_date(None));
    assert_eq!(index.row(0), row(9), "rows move with their images");
}

#[test]
fn images_without_an_embedding_are_wanted_again() {
    let (_folder, path) = place();
    let now = [stamp("a", 1), stamp("b", 2), stamp("c", 3)];
    let update = Update::between(None, now.to_vec());
    let fresh = HashMap::from([(1, EmbedResult::Row(row(2)))]);
    let index = update.apply(None, &fresh, (&path, MODEL, DIM)).unwrap();
    assert_eq!(names(&index), ["b"]);
    let rest = Update::between(Some(&index), now.to_vec());
    assert_eq!((rest.to_embed.as_slice(), rest.changed, rest.removed), (&[0, 2][..], 0, 0));
}

#[test]
fn truncated_files_and_other_models_are_rejected() {
    let (_folder, path) = place();
    let now = [stamp("a", 1), stamp("b", 2)];
    let (index, _) = update(&path, &now);
    drop(index);
    let why = |path: &Path, model| format!("{:#}", Index::read(path, model).unwrap_err());
    assert!(why(&path, "model b").contains("another model"));
    let whole = fs::read(&path).unwrap();
    let torn = path.with_file_name("torn");
    for length in [0, 5, 60, whole.len() / 2, whole.len() - 1] {
        fs::write(&torn, &whole[..length]).unwrap();
        Index::read(&torn, MODEL).unwrap_err();
    }
    let mut bent = whole.clone();
    *bent.last_mut().unwrap() ^= 1;
    fs::write(&torn, &bent).unwrap();
    assert!(why(&torn, MODEL).contains("damaged"), "{}", why(&torn, MODEL));
    // Rebuilt, it is valid again, and no temporary file is left.
    let (index, made) = update(&torn, &now);
    assert_eq!((made.to_embed.len(), names(&index)), (2, vec!["a", "b"]));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn a_row_of_another_width_is_rejected_and_the_old_file_stays() {
    let (_folder, path) = place();
    let (_, _) = update(&path, &[stamp("a", 1)]);
    let before = fs::read(&path).unwrap();
    let entry = Entry { stamp: stamp("a", 1), unreadable: None };
    let written = clip_lab_vector_index::write(
        &path,
        MODEL,
        DIM,
        &[(&entry, clip_lab_vector_index::Row::Floats(&[1.0]))],
    );
    assert!(format!("{:#}", written.unwrap_err()).contains("`a` has 1 dimensions, expected 3"));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}
