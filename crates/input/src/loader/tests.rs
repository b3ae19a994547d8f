use std::time::Instant;

use super::*;
use crate::{Order, Prepare, Read};
use clip_lab_plugin_api::{Captions, Dataset, Image, Tokenizer};
use image::RgbImage;
use tch::{Kind, Tensor};

/// Images with their captions; image 3 is unreadable.
pub struct Toy(pub Vec<Vec<String>>);

impl Toy {
    /// Images 0..n with two captions each, all different.
    pub fn new(images: usize) -> Self {
        Self((0..images).map(|n| vec![format!("a{n}"), format!("b{n}")]).collect())
    }
}

impl Dataset for Toy {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn image(&self, index: usize) -> Result<Image> {
        anyhow::ensure!(index != 3, "truncated");
        std::thread::sleep(std::time::Duration::from_micros((index as u64 * 37) % 300));
        Ok(RgbImage::from_pixel(2, 2, image::Rgb([index as u8, 0, 255])).into())
    }
    fn captions(&self, index: usize) -> &[String] {
        &self.0[index]
    }
    fn name(&self, index: usize) -> String {
        format!("{index}.png")
    }
    fn fingerprint(&self) -> String {
        "toy".to_owned()
    }
}

struct Letters;

impl Tokenizer for Letters {
    fn encode(&self, text: &str, limit: usize) -> Result<Vec<i64>> {
        Ok(text.bytes().map(i64::from).take(limit).collect())
    }
    fn vocab(&self) -> i64 {
        256
    }
    fn pad(&self) -> i64 {
        0
    }
}

fn batches(workers: usize) -> Vec<Batch> {
    let mut loader = loader((Pixels::Floats, false), workers);
    std::iter::from_fn(|| loader.next_batch().unwrap()).collect()
}

/// A loader of two epochs.
fn loader(copies: (Pixels, bool), workers: usize) -> Loader {
    let data = Arc::new(Toy::new(30));
    let order = Order::new(data.as_ref(), Captions::One, 5, true, 8);
    let preprocess = clip_lab_plan::Preprocess { size: 2, ..Default::default() };
    let prepare = Prepare { preprocess, augment: Vec::new() };
    let source = Source {
        data,
        tokenizer: Some(Arc::new(Letters)),
        max_tokens: 2,
        prepare: Some(Arc::new(prepare)),
        read: Read::Pair,
        seed: 5,
    };
    let items = (0..2).flat_map(move |epoch| order.epoch(epoch));
    Loader::copying(copies, source, items, workers, Device::Cpu).unwrap()
}

#[test]
fn batches_do_not_depend_on_the_number_of_threads() {
    let (one, many) = (batches(1), batches(7));
    assert_eq!(one.len(), 6);
    for (a, b) in one.iter().zip(&many) {
        assert_eq!(a.indices, b.indices);
        assert_eq!(a.tokens.ids, b.tokens.ids);
        assert_eq!(a.images, b.images);
        assert_eq!(a.group, Tensor::arange(a.len(), (Kind::Int64, Device::Cpu)), "all differ");
    }
}

#[test]
fn images_copied_as_bytes_are_those_copied_as_floats() {
    let (floats, mut loader) = (batches(2), loader((Pixels::Bytes, false), 3));
    for a in &floats {
        let b = loader.next_batch().unwrap().unwrap();
        assert_eq!((&a.indices, &a.tokens.ids, &a.images), (&b.indices, &b.tokens.ids, &b.images));
        assert_eq!(b.images.map(|images| images.kind()), Some(Kind::Float));
    }
    assert!(loader.next_batch().unwrap().is_none());
}

/// Waits until the workers have read everything that was sent to them.
fn wait_for_workers(loader: &mut Loader) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while loader.out_of_order.len() as u64 != loader.sent - loader.taken {
        assert!(Instant::now() < deadline, "{} of {} read", loader.out_of_order.len(), loader.sent);
        thread::sleep(Duration::from_millis(1));
        loader.is_ready(); // receives what was read
    }
}

#[test]
fn a_batch_is_uploaded_ahead_once_it_is_read() {
    let (expected, mut loader) = (batches(2), loader((Pixels::Bytes, true), 3));
    for (index, a) in expected.iter().enumerate() {
        let b = loader.next_batch().unwrap().unwrap();
        assert_eq!((&a.indices, &a.tokens.ids, &a.images), (&b.indices, &b.tokens.ids, &b.images));
        assert_eq!(a.unreadable, b.unreadable);
        if index > 0 {
            assert_eq!(loader.uploading.is_some(), index + 1 < expected.len(), "batch {index}");
        }
        wait_for_workers(&mut loader);
    }
    assert!(loader.next_batch().unwrap().is_none());
}

/// Reading an image never returns.
struct Hangs(Toy);

impl Dataset for Hangs {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn image(&self, _: usize) -> Result<Image> {
        loop {
            std::thread::park();
        }
    }
    fn captions(&self, index: usize) -> &[String] {
        self.0.captions(index)
    }
    fn name(&self, index: usize) -> String {
        self.0.name(index)
    }
    fn fingerprint(&self) -> String {
        "hangs".to_owned()
    }
}

#[test]
fn a_hanging_disk_does_not_prevent_a_stop() {
    let preprocess = clip_lab_plan::Preprocess { size: 2, ..Default::default() };
    let prepare = Prepare { preprocess, augment: Vec::new() };
    let source = Source::images(Arc::new(Hangs(Toy::new(4))), Arc::new(prepare));
    let items = vec![vec![Item { image: 0, caption: None, index: 0, epoch: 0 }]];
    let mut loader = Loader::new(source, items.into_iter(), 1, Device::Cpu).unwrap();
    let calls = std::cell::Cell::new(0);
    let stop = || {
        calls.set(calls.get() + 1);
        calls.get() > 1
    };
    assert!(loader.next_batch_or_stop(&stop).unwrap().is_none());
    assert_eq!(calls.get(), 2);
}

#[test]
fn an_unreadable_image_is_skipped_and_named() {
    let all = batches(3);
    let unreadable: Vec<_> = all.iter().flat_map(|batch| batch.unreadable.clone()).collect();
    let readable: i64 = all.iter().map(Batch::len).sum();
    assert!(!unreadable.is_empty() && unreadable.iter().all(|one| one.image == 3 && one.name == "3.png"));
    assert_eq!(unreadable[0].reason, "truncated");
    assert_eq!(readable + unreadable.len() as i64, 48);
}
