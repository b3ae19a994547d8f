//! Ranks compared with faiss's exact index.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use plugins_eval::{both, ranks};
use tch::{Kind, Tensor};

use crate::support::random;

/// A Python that has faiss; none if there is none, which fails in CI.
fn python() -> Option<PathBuf> {
    let cache = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache/clip-lab"));
    let beside = || {
        let cache = env::var_os("CLIP_LAB_CACHE").map(PathBuf::from).or_else(cache)?;
        Some(cache.join("python/bin/python"))
    };
    let python = env::var_os("CLIP_LAB_PYTHON").map(PathBuf::from).or_else(beside)?;
    let has = Command::new(&python).args(["-c", "import faiss, safetensors"]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(env::var_os("CI").is_none(), "no Python with faiss at {}", python.display());
    eprintln!("SKIPPED: no Python with faiss at {}; `cargo xtask python` sets one up", python.display());
    None
}

/// faiss's counts, by name: `t2i/higher`, ...
fn ask(python: &Path, images: &Tensor, captions: &Tensor, owner: &Tensor) -> Vec<(String, Vec<i64>)> {
    let folder = tempfile::tempdir().unwrap();
    let files = ["asked", "found"].map(|name| folder.path().join(name));
    let named = [("images", images), ("captions", captions), ("owner", owner)];
    Tensor::write_safetensors(&named, &files[0]).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exact_index.py");
    let output = Command::new(python).arg(script).args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = Tensor::read_safetensors(&files[1]).unwrap();
    found.into_iter().map(|(name, tensor)| (name, Vec::try_from(tensor).unwrap())).collect()
}

fn named<'a>(found: &'a [(String, Vec<i64>)], name: &str) -> &'a [i64] {
    &found.iter().find(|(other, _)| other == name).unwrap().1
}

fn owners(images: i64, captions: i64) -> Tensor {
    Tensor::from_slice(&(0..captions).map(|caption| caption * images / captions).collect::<Vec<_>>())
}

#[test]
fn whole_numbers_are_ranked_as_faiss_ranks_them_ties_too() {
    let Some(python) = python() else { return };
    // Products of small whole numbers are exact in any order of summation.
    let (images, captions) = ((random(1000, 64, 1) * 9.0).round(), (random(5000, 64, 2) * 9.0).round());
    let owner = owners(1000, 5000);
    let found = ask(&python, &images, &captions, &owner);
    let ours = both(&images, &captions, &owner, 128).unwrap();
    let mut ties = 0;
    for (way, ours) in [("t2i", &ours.image), ("i2t", &ours.caption)] {
        let (higher, tied) = (named(&found, &format!("{way}/higher")), named(&found, &format!("{way}/tied")));
        let theirs: Vec<u32> = higher.iter().zip(tied).map(|(higher, tied)| (higher + tied) as u32).collect();
        assert_eq!(ours, &theirs, "{way}");
        ties += tied.iter().filter(|tied| **tied > 0).count();
    }
    assert!(ties > 100, "only {ties} of 10,000 queries have ties");
}

#[test]
fn unit_vectors_are_ranked_as_faiss_ranks_them_within_rounding() {
    let Some(python) = python() else { return };
    let unit = |rows: Tensor| &rows / rows.norm_scalaropt_dim(2, [-1], true);
    let images = unit(random(1000, 512, 3));
    let owner = owners(1000, 5000);
    let captions = unit(images.index_select(0, &owner) * 2.0 + unit(random(5000, 512, 4)) * 9.0);
    let found = ask(&python, &images, &captions, &owner);
    let ours = both(&images, &captions, &owner, 256).unwrap();
    let one_way = ranks(&captions, &images, &owner, 512).unwrap();
    for (way, ours) in [("t2i", &ours.image), ("i2t", &ours.caption), ("t2i", &one_way)] {
        let (higher, close) =
            (named(&found, &format!("{way}/higher")), named(&found, &format!("{way}/near")));
        let mut same = 0;
        for ((&ours, &higher), &close) in ours.iter().zip(higher).zip(close) {
            let apart = (i64::from(ours) - higher).abs();
            assert!(
                apart <= close,
                "{way}: rank {ours}, {higher} for faiss, {close} scores are nearly equal"
            );
            same += usize::from(apart == 0);
        }
        assert!(same > 4950, "{way}: {same} of 5000 ranks are the same");
        assert!(ours.iter().filter(|rank| **rank == 0).count() > 50, "{way}: too hard to be meaningful");
    }
    assert_eq!(images.kind(), Kind::Float);
}
