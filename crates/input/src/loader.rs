//! Loader threads: read, augment and tokenise ahead of the training thread.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Result, bail};
use clip_lab_image_io::Decoder;
use clip_lab_torch_ext::CopyStream;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use tch::Device;

use super::{
    Batch, Item, Padding, PlannedBatch,
    collate::{Collated, Uploading},
    images::{ImageRow, Images, Normaliser, Pixels},
    source::{Sample, Source},
};

/// Number of batches that are read ahead.
pub const PREFETCHED_BATCHES: usize = 2;

/// Interval between two checks for a stop request while waiting for a worker.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// The default number of loader threads: one per core.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Sequence number, item, and the output row of its image.
type Job = (u64, Item, Option<ImageRow>);

/// Returns the batches of a run in order and reads a few ahead.
pub struct Loader {
    jobs: Sender<Job>,
    results: Receiver<(u64, Sample)>,
    batches: Box<dyn Iterator<Item = PlannedBatch> + Send>,
    /// Slots and images of the batches that are being read.
    pending: VecDeque<(Vec<i64>, Option<Images>)>,
    /// Samples that arrived before their turn.
    out_of_order: BTreeMap<u64, Sample>,
    sent: u64,
    taken: u64,
    /// Side of the images; none if no images are read.
    side: Option<i64>,
    padding: Padding,
    device: Device,
    /// How images are copied to the device.
    pixels: Pixels,
    /// None if no images are read.
    normaliser: Option<Normaliser>,
    stream: CopyStream,
    /// Whether a batch is copied to the device before it is asked for.
    uploads_ahead: bool,
    /// The next batch, if its copy was issued.
    uploading: Option<Uploading>,
}

impl Loader {
    /// Starts `workers` threads, which end when the loader is dropped. To a GPU images are copied as bytes, to be
    /// normalised there, unless an augmentation modifies normalised values.
    ///
    /// # Errors
    /// If libtorch does not find the device.
    pub fn new(
        source: Source,
        batches: impl Iterator<Item: Into<PlannedBatch>> + Send + 'static,
        workers: usize,
        device: Device,
    ) -> Result<Self> {
        let bytes = device.is_cuda() && !source.needs_floats();
        let pixels = if bytes { Pixels::Bytes } else { Pixels::Floats };
        Self::copying((pixels, device.is_cuda()), source, batches, workers, device)
    }

    /// As [`Self::new`], with images copied as `pixels`, and a batch ahead if `uploads_ahead`.
    fn copying(
        (pixels, uploads_ahead): (Pixels, bool),
        source: Source,
        batches: impl Iterator<Item: Into<PlannedBatch>> + Send + 'static,
        workers: usize,
        device: Device,
    ) -> Result<Self> {
        let (jobs, job_receiver) = unbounded::<Job>();
        let (result_sender, results) = unbounded();
        let side = source.prepare.as_ref().map(|prepare| i64::from(prepare.size()));
        let id = source.tokenizer.as_ref().map_or(0, |tokenizer| tokenizer.pad());
        let padding = Padding { id, limit: source.max_tokens };
        let normalise = source.prepare.as_ref().map(|prepare| prepare.normaliser());
        let normaliser = normalise.map(|normalise| Normaliser::new(&normalise, device)).transpose()?;
        let stream = CopyStream::new(device)?;
        let source = Arc::new(source);
        for _ in 0..workers.max(1) {
            let (source, jobs, results) = (source.clone(), job_receiver.clone(), result_sender.clone());
            thread::spawn(move || work(&source, &jobs, &results));
        }
        Ok(Self {
            jobs,
            results,
            batches: Box::new(batches.map(Into::into)),
            pending: VecDeque::new(),
            out_of_order: BTreeMap::new(),
            sent: 0,
            taken: 0,
            side,
            padding,
            device,
            pixels,
            normaliser,
            stream,
            uploads_ahead,
            uploading: None,
        })
    }

    /// The next batch, or none at the end. Waits for the workers.
    ///
    /// # Errors
    /// If all workers have ended.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        self.next_batch_or_stop(&|| false)
    }

    /// As [`Self::next_batch`], but returns none if `stop` is true while waiting for the workers, for example on a hanging
    /// disk. The loader must not be used afterwards.
    pub fn next_batch_or_stop(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Batch>> {
        let uploading = match self.uploading.take() {
            Some(uploading) => uploading,
            None => match self.collate(stop)? {
                Some(collated) => collated.upload(self.stream)?,
                None => return Ok(None),
            },
        };
        let batch = uploading.batch(self.normaliser.as_ref())?;
        if self.uploads_ahead && self.is_ready() {
            let next = self.collate(stop)?.map(|collated| collated.upload(self.stream));
            self.uploading = next.transpose()?;
        }
        Ok(Some(batch))
    }

    /// Whether the workers have read the next batch, so that it is collated without waiting.
    fn is_ready(&mut self) -> bool {
        self.out_of_order.extend(self.results.try_iter());
        self.pending.front().is_some_and(|(slots, _)| {
            let end = self.taken + slots.len() as u64;
            self.out_of_order.range(..end).count() == slots.len()
        })
    }

    /// The next batch in host memory, or none at the end or if `stop` is true while waiting for the workers.
    fn collate(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Collated>> {
        self.send_ahead()?;
        let Some((slots, images)) = self.pending.pop_front() else { return Ok(None) };
        let mut samples = Vec::with_capacity(slots.len());
        while samples.len() < slots.len() {
            let Some(sample) = self.next_sample(stop)? else { return Ok(None) };
            samples.push(sample);
        }
        self.send_ahead()?;
        Ok(Some(Collated::new(samples, &slots, images, self.padding, self.device)?))
    }

    fn send_ahead(&mut self) -> Result<()> {
        while self.pending.len() <= PREFETCHED_BATCHES {
            let Some(batch) = self.batches.next() else { return Ok(()) };
            let (slots, items) = batch.unzip();
            let rows = self.side.map(|side| Images::new(self.pixels, items.len(), side, self.device));
            let (whole, rows) = rows.transpose()?.unzip();
            self.pending.push_back((slots, whole));
            let mut rows = rows.into_iter().flatten();
            for item in items {
                // Fails only if all workers have ended, which `next_sample` reports.
                let _ = self.jobs.send((self.sent, item, rows.next()));
                self.sent += 1;
            }
        }
        Ok(())
    }

    fn next_sample(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Sample>> {
        loop {
            if let Some(sample) = self.out_of_order.remove(&self.taken) {
                self.taken += 1;
                return Ok(Some(sample));
            }
            match self.results.recv_timeout(STOP_POLL_INTERVAL) {
                Ok((number, sample)) => drop(self.out_of_order.insert(number, sample)),
                Err(RecvTimeoutError::Timeout) if stop() => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("all loader threads have ended; see the messages above")
                }
            }
        }
    }
}

fn work(source: &Source, jobs: &Receiver<Job>, results: &Sender<(u64, Sample)>) {
    // Without memory for a decoder the thread ends, which `next_sample` reports.
    let Ok(mut decoder) = Decoder::new() else { return };
    for (number, item, row) in jobs {
        // A panic of a decoder loses only the image.
        let read = catch_unwind(AssertUnwindSafe(|| source.read(item, row, &mut decoder)));
        let sample = read.unwrap_or_else(|_| Sample {
            unreadable: Some(source.unreadable(item, "the decoder panicked".to_owned())),
            ..Sample::new(item.image)
        });
        if results.send((number, sample)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
