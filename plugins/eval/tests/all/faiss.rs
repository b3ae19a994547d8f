//! Ranks compared with faiss's exact index.

use std::collections::HashMap;

use clip_lab_testing::golden;
use plugins_eval::{both, ranks};
use tch::Tensor;

/// The inputs and faiss's counts, by name.
struct Golden(HashMap<String, Tensor>);

impl Golden {
    fn load() -> Self {
        let file = golden("ranks/io.safetensors");
        Self(Tensor::read_safetensors(file).unwrap().into_iter().collect())
    }

    fn tensor(&self, name: &str) -> &Tensor {
        &self.0[name]
    }

    fn counts(&self, name: &str) -> Vec<i64> {
        Vec::try_from(self.tensor(name)).unwrap()
    }
}

#[test]
fn whole_numbers_are_ranked_as_faiss_ranks_them_ties_too() {
    let golden = Golden::load();
    let (images, captions) = (golden.tensor("whole.image_embeds"), golden.tensor("whole.text_embeds"));
    let ours = both(images, captions, golden.tensor("owner"), 128).unwrap();
    let mut ties = 0;
    for (way, ours) in [("t2i", &ours.image), ("i2t", &ours.caption)] {
        let [higher, tied] = ["higher", "tied"].map(|name| golden.counts(&format!("whole.{way}.{name}")));
        let theirs: Vec<u32> =
            higher.iter().zip(&tied).map(|(higher, tied)| (higher + tied) as u32).collect();
        assert_eq!(ours, &theirs, "{way}");
        ties += tied.iter().filter(|tied| **tied > 0).count();
    }
    assert!(ties > 200, "only {ties} of 1200 queries have ties");
}

#[test]
fn unit_vectors_are_ranked_as_faiss_ranks_them_within_rounding() {
    let golden = Golden::load();
    let (images, captions) = (golden.tensor("unit.image_embeds"), golden.tensor("unit.text_embeds"));
    let owner = golden.tensor("owner");
    let ours = both(images, captions, owner, 256).unwrap();
    let one_way = ranks(captions, images, owner, 512).unwrap();
    for (way, ours) in [("t2i", &ours.image), ("i2t", &ours.caption), ("t2i", &one_way)] {
        let [higher, close] = ["higher", "close"].map(|name| golden.counts(&format!("unit.{way}.{name}")));
        for ((&ours, &higher), &close) in ours.iter().zip(&higher).zip(&close) {
            let apart = (i64::from(ours) - higher).abs();
            assert!(
                apart <= close,
                "{way}: rank {ours}, {higher} for faiss, {close} scores are nearly equal"
            );
        }
        assert!(ours.iter().filter(|rank| **rank == 0).count() > 30, "{way}: too hard to be meaningful");
    }
}
