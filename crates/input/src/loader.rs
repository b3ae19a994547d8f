//! Loader threads: they read, augment and tokenise ahead of the training thread.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow, bail};
use clip_lab_image_io::Scratch;
use clip_lab_plugin_api::{Dataset, Rng, Tokenizer, rng};
use clip_lab_torch_ext::{Row, Rows};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rand::Rng as _;
use tch::Device;

use super::{Batch, Item, Prepare, Unreadable, duplicates::folded};

/// Batches that are being read while the current one trains.
pub const AHEAD: usize = 2;

/// How long it waits for a worker before it looks whether somebody asked to stop.
const LISTEN: Duration = Duration::from_millis(200);

/// Threads to read with where nobody says how many: one for each core.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What the workers read from.
pub struct Source {
    /// Images and captions.
    pub data: Arc<dyn Dataset>,
    /// Texts to ids; none where no caption is read.
    pub tokenizer: Option<Arc<dyn Tokenizer>>,
    /// The most tokens of a caption.
    pub max_tokens: usize,
    /// Images to numbers; none when the image features are cached and no image is needed.
    pub prepare: Option<Arc<Prepare>>,
    /// What to read of an item.
    pub read: Read,
    /// Seed of all randomness.
    pub seed: u64,
}

/// What a worker reads of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// A caption, and the image as training sees it.
    Pair,
    /// A class, and the image as training sees it.
    Labelled,
    /// The image alone, as training sees it.
    Image,
    /// The image alone, as evaluation sees it.
    EvalImage,
}

/// One pair, read.
pub(super) struct Sample {
    pub image: usize,
    pub ids: Vec<i64>,
    /// Folded, so that equal captions are equal texts.
    pub caption: Option<String>,
    pub class: i64,
    pub fault: Option<Unreadable>,
}

impl Sample {
    /// A image of which nothing is read yet.
    fn of(image: usize) -> Self {
        Self { image, ids: Vec::new(), caption: None, class: 0, fault: None }
    }
}

impl Source {
    /// The images of `data` as evaluation sees them, without captions.
    pub fn images(data: Arc<dyn Dataset>, prepare: Arc<Prepare>) -> Self {
        Self { data, tokenizer: None, max_tokens: 0, prepare: Some(prepare), read: Read::EvalImage, seed: 0 }
    }

    fn read(&self, item: Item, row: Option<Row>, scratch: &mut Scratch) -> Sample {
        let mut sample = Sample::of(item.image);
        if let Err(error) = self.fill(item, row, scratch, &mut sample) {
            sample.fault = Some(self.broken(item, format!("{error:#}")));
        }
        sample
    }

    fn broken(&self, item: Item, why: String) -> Unreadable {
        Unreadable { image: item.image, name: self.data.name(item.image), why }
    }

    fn fill(&self, item: Item, row: Option<Row>, scratch: &mut Scratch, sample: &mut Sample) -> Result<()> {
        let mut rng = rng(self.seed, item.epoch, item.index);
        if self.read == Read::Pair {
            // The caption is drawn before the image is changed, so that it is the same one with cached features.
            let tokenizer = self.tokenizer.as_ref().context("nobody reads captions here")?;
            let caption = self.caption(item, &mut rng)?;
            sample.ids = tokenizer.encode(caption, self.max_tokens)?;
            sample.caption = Some(folded(caption));
        }
        if self.read == Read::Labelled {
            sample.class = self.data.class(item.image).context("it has no class")? as i64;
        }
        if let Some((prepare, mut row)) = self.prepare.as_ref().zip(row) {
            let image = scratch.open(self.data.image(item.image)?)?;
            let out = row.as_mut_slice();
            match self.read {
                Read::EvalImage => prepare.eval(&image, scratch, out)?,
                Read::Pair | Read::Labelled | Read::Image => {
                    prepare.train(image, &mut rng, scratch, out)?;
                }
            }
        }
        Ok(())
    }

    fn caption(&self, item: Item, rng: &mut Rng) -> Result<&str> {
        let captions = self.data.captions(item.image);
        match item.caption {
            Some(caption) => Ok(&captions[caption]),
            None if captions.is_empty() => Err(anyhow!("it has no caption")),
            None => Ok(&captions[drawn(rng, captions.len())]),
        }
    }
}

/// Which of a image's captions its item takes: the first that is drawn from the item's randomness.
pub(super) fn drawn(rng: &mut Rng, captions: usize) -> usize {
    rng.random_range(0..captions)
}

/// The number of an item, the item, and where the numbers of its image go.
type Job = (u64, Item, Option<Row>);

/// Hands out the batches of a run in order, at most a few read ahead.
pub struct Loader {
    jobs: Sender<Job>,
    done: Receiver<(u64, Sample)>,
    batches: Box<dyn Iterator<Item = Vec<Item>> + Send>,
    waiting: VecDeque<(usize, Option<Rows>)>,
    early: BTreeMap<u64, Sample>,
    sent: u64,
    taken: u64,
    /// Side of the images; none where no image is read.
    side: Option<i64>,
    pad: i64,
    device: Device,
}

impl Loader {
    /// Starts `workers` threads over `batches`. They end when the loader is dropped.
    pub fn new(
        source: Source,
        batches: impl Iterator<Item = Vec<Item>> + Send + 'static,
        workers: usize,
        device: Device,
    ) -> Self {
        let (jobs, inbox) = unbounded::<Job>();
        let (outbox, done) = unbounded();
        let side = source.prepare.as_ref().map(|prepare| i64::from(prepare.size()));
        let pad = source.tokenizer.as_ref().map_or(0, |tokenizer| tokenizer.pad());
        let source = Arc::new(source);
        for _ in 0..workers.max(1) {
            let (source, inbox, outbox) = (source.clone(), inbox.clone(), outbox.clone());
            thread::spawn(move || work(&source, &inbox, &outbox));
        }
        let (waiting, early) = Default::default();
        Self { jobs, done, batches: Box::new(batches), waiting, early, sent: 0, taken: 0, side, pad, device }
    }

    /// The next batch, or none at the end. Waits for the workers when they are behind.
    ///
    /// # Errors
    /// When a worker died.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        self.next_batch_unless(&|| false)
    }

    /// As [`Self::next_batch`]; none also when the workers are behind and `stop` says so: a disk may hang. Nothing more
    /// is to be read then.
    ///
    /// # Errors
    /// Likewise.
    pub fn next_batch_unless(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Batch>> {
        self.send_ahead()?;
        let Some((count, rows)) = self.waiting.pop_front() else { return Ok(None) };
        let mut samples = Vec::with_capacity(count);
        while samples.len() < count {
            let Some(sample) = self.next_sample(stop)? else { return Ok(None) };
            samples.push(sample);
        }
        self.send_ahead()?;
        Ok(Some(Batch::collate(samples, rows, self.pad, self.device)?))
    }

    fn send_ahead(&mut self) -> Result<()> {
        while self.waiting.len() <= AHEAD {
            let Some(batch) = self.batches.next() else { return Ok(()) };
            let rows = self.side.map(|side| Rows::new(batch.len(), &[3, side, side], self.device));
            let (whole, rows) = rows.transpose()?.unzip();
            self.waiting.push_back((batch.len(), whole));
            let mut rows = rows.into_iter().flatten();
            for item in batch {
                // A send fails only when every worker died, which the receiving side reports.
                let _ = self.jobs.send((self.sent, item, rows.next()));
                self.sent += 1;
            }
        }
        Ok(())
    }

    fn next_sample(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Sample>> {
        loop {
            if let Some(sample) = self.early.remove(&self.taken) {
                self.taken += 1;
                return Ok(Some(sample));
            }
            match self.done.recv_timeout(LISTEN) {
                Ok((number, sample)) => drop(self.early.insert(number, sample)),
                Err(RecvTimeoutError::Timeout) if stop() => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("the loader threads died; the log above says why")
                }
            }
        }
    }
}

fn work(source: &Source, inbox: &Receiver<Job>, outbox: &Sender<(u64, Sample)>) {
    // No memory for a decoder at the start: nothing can be read, which the other side reports.
    let Ok(mut scratch) = Scratch::new() else { return };
    for (number, item, row) in inbox {
        // A image that makes a decoder panic must not cost the run more than the image.
        let read =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.read(item, row, &mut scratch)));
        let sample = read.unwrap_or_else(|_| Sample {
            fault: Some(source.broken(item, "the decoder gave up on it".to_owned())),
            ..Sample::of(item.image)
        });
        if outbox.send((number, sample)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Order;
    use clip_lab_plugin_api::Captions;
    use clip_lab_plugin_api::Image;
    use image::RgbImage;
    use tch::{Kind, Tensor};

    /// Images with their captions; image 3 is broken.
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
            anyhow::ensure!(index != 3, "cut short");
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
        let mut loader = Loader::new(source, items, workers, Device::Cpu);
        std::iter::from_fn(|| loader.next_batch().unwrap()).collect()
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (one, many) = (batches(1), batches(7));
        assert_eq!(one.len(), 6);
        for (a, b) in one.iter().zip(&many) {
            assert_eq!(a.indices, b.indices);
            assert_eq!(a.tokens.ids, b.tokens.ids);
            assert_eq!(a.images, b.images);
            assert_eq!(a.group, Tensor::arange(a.len(), (Kind::Int64, Device::Cpu)), "all differ");
        }
    }

    /// Its first image never comes.
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
    fn a_disk_that_hangs_does_not_keep_a_run_from_stopping() {
        let preprocess = clip_lab_plan::Preprocess { size: 2, ..Default::default() };
        let prepare = Prepare { preprocess, augment: Vec::new() };
        let source = Source::images(Arc::new(Hangs(Toy::new(4))), Arc::new(prepare));
        let items = vec![vec![Item { image: 0, caption: None, index: 0, epoch: 0 }]];
        let mut loader = Loader::new(source, items.into_iter(), 1, Device::Cpu);
        let asked = std::cell::Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > 1
        };
        assert!(loader.next_batch_unless(&stop).unwrap().is_none());
        assert_eq!(asked.get(), 2);
    }

    #[test]
    fn a_broken_picture_costs_its_pair_and_is_named() {
        let all = batches(3);
        let broken: Vec<_> = all.iter().flat_map(|batch| batch.broken.clone()).collect();
        let good: i64 = all.iter().map(Batch::len).sum();
        assert!(!broken.is_empty() && broken.iter().all(|b| b.image == 3 && b.name == "3.png"));
        assert_eq!(broken[0].why, "cut short");
        assert_eq!(good + broken.len() as i64, 48);
    }
}
