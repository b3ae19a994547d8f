use super::*;
use crate::{Order, loader::tests::Toy};
use clip_lab_plugin_api::Captions;

/// Images with up to five captions each, some of them shared.
fn crowd(images: usize, shared: usize, seed: u64) -> Toy {
    let mut rng = rng(seed, 0, 0);
    let mut caption = |n: usize| match rng.random_range(0..3) {
        0 => format!("Shared {}", rng.random_range(0..shared)),
        1 => format!("shared   {}", rng.random_range(0..shared)),
        _ => format!("own {n}"),
    };
    let captions = |image: usize| 1 + (image * 7) % 5;
    Toy((0..images).map(|image| (0..captions(image)).map(|c| caption(image * 9 + c)).collect()).collect())
}

/// The folded caption that the loader draws for an item.
fn caption_of(toy: &Toy, item: &Item, seed: u64) -> String {
    let captions = toy.captions(item.image);
    let draw = || draw_caption(&mut rng(seed, item.epoch, item.index), captions.len());
    folded(&captions[item.caption.unwrap_or_else(draw)])
}

#[test]
fn no_batch_holds_an_image_or_a_caption_twice_and_every_item_is_used_once() {
    for seed in 0..20 {
        for captions in [Captions::One, Captions::All] {
            let toy = crowd(150, 60, seed);
            let order = Order::new(&toy, captions, seed, true, 16).distinct(&toy);
            for epoch in 0..3 {
                let batches = order.epoch(epoch);
                assert_eq!(batches, order.epoch(epoch), "the same each time");
                for batch in &batches {
                    let images: HashSet<usize> = batch.iter().map(|item| item.image).collect();
                    let texts: HashSet<String> =
                        batch.iter().map(|item| caption_of(&toy, item, seed)).collect();
                    assert_eq!((images.len(), texts.len()), (batch.len(), batch.len()));
                }
                let all: Vec<u64> = batches.concat().iter().map(|item| item.index).collect();
                assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "no item is used twice");
                assert_eq!(all.len() / 16, order.len() / 16, "every item that fits is placed");
                assert!(batches.iter().all(|batch| batch.len() == 16));
            }
        }
    }
}

#[test]
fn without_duplicates_the_order_is_that_of_the_shuffle() {
    let toy = Toy((0..50).map(|n| vec![format!("{n}")]).collect());
    let plain = Order::new(&toy, Captions::All, 3, true, 8);
    assert_eq!(plain.epoch(1), Order::new(&toy, Captions::All, 3, true, 8).distinct(&toy).epoch(1));
}

#[test]
fn only_duplicates_are_swapped() {
    let toy = crowd(300, 400, 1);
    let plain = Order::new(&toy, Captions::All, 1, true, 32);
    let distinct = Order::new(&toy, Captions::All, 1, true, 32).distinct(&toy);
    let (a, b) = (plain.epoch(0).concat(), distinct.epoch(0).concat());
    let moved = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    assert!(moved > 0 && moved < a.len() / 5, "{moved} of {}", a.len());
}

#[test]
fn frequent_captions_shorten_epochs() {
    // Ten images of forty share a caption: three batches of ten have room for three of them.
    let toy = Toy((0..40).map(|n| vec![if n < 10 { "a dog".into() } else { format!("{n}") }]).collect());
    let order = Order::new(&toy, Captions::One, 0, true, 10).distinct(&toy);
    assert_eq!((order.batches(), order.used(0), order.used(5)), (3, 30, 30));
    let same = Toy(vec![vec!["a dog".into()]; 40]);
    assert_eq!(Order::new(&same, Captions::One, 0, true, 10).distinct(&same).batches(), 0);
}

#[test]
fn five_captions_of_each_image_are_spread() {
    let toy = Toy((0..30).map(|n| (0..5).map(|c| format!("{n} {c}")).collect()).collect());
    // As many different images as a batch holds: the hardest case.
    let order = Order::new(&toy, Captions::All, 4, true, 30).distinct(&toy);
    assert_eq!(order.batches(), 5);
    for batch in order.epoch(2) {
        let images: HashSet<usize> = batch.iter().map(|item| item.image).collect();
        assert_eq!(images.len(), batch.len());
    }
    assert!(order.used(2) > 120, "{} of 150", order.used(2));
}
