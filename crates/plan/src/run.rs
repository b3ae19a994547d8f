//! `[run]`: how long, how large, on what.

use clip_lab_api::{Captions, Faults, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most threads of a kind; more than any machine has cores, and less than what systems allow.
const MOST_THREADS: usize = 1024;

/// How a run goes: its length, its batch, its device, and how often it looks up from its work.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// The source of all randomness: same spec, same seed, same machine, same losses to the bit.
    pub seed: u64,
    /// Length of the run as passes over the training pictures. Give this or `steps`.
    pub epochs: Option<u64>,
    /// Length of the run as updates of the weights. Give this or `epochs`.
    pub steps: Option<u64>,
    /// Pairs in a batch; all of them are each other's negatives. A last, incomplete batch is dropped.
    pub batch: usize,
    /// Pairs that go through the towers together; a batch larger than this is cut up, which takes about a third more
    /// time and far less memory. Loss and gradients are those of the whole batch: embeddings are computed first, then
    /// each part again with the same dropout. 0 takes the batch whole. Batch norm sees the parts, and its running
    /// statistics move once for each of them; everything else is as without.
    pub micro_batch: usize,
    /// Never put two captions of one picture, or one caption twice (capitals and spaces aside), into a batch, where
    /// they would be negatives of each other. What meets its like changes places with another pair of the epoch.
    pub distinct: bool,
    /// Which captions of a picture an epoch uses: `one`, drawn anew in every epoch, or `all`.
    pub captions: Captions,
    /// Shuffle the pairs anew in every epoch; `false` keeps the order of the files.
    pub shuffle: bool,
    /// Number format of the towers, forward and backward, also in evaluation. Weights, losses and optimizer state are
    /// 32-bit in every one.
    pub precision: Precision,
    /// Lay pictures out with the channels of a pixel side by side: faster convolutions, for ResNets above all.
    pub channels_last: bool,
    /// Keep only what goes into each block of a tower and compute the rest again in the backward pass: much less
    /// memory for about a third more work; the gradients are the same.
    pub recompute_activations: bool,
    /// Where tensors live: `auto` (the first GPU, else the processor), `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// Threads that read and decode pictures, at most 1024; 0 takes one for each core.
    pub workers: usize,
    /// Threads that compute, at most 1024; 0 takes all cores.
    pub threads: usize,
    /// Epochs between two evaluations of `[data.val]`; 0 evaluates only at the end.
    pub eval_every: u64,
    /// Epochs between two checkpoints; 0 writes only the last.
    pub checkpoint_every: u64,
    /// Steps between two records of the loss.
    pub log_every: u64,
    /// Record at every evaluation what the model makes of 32 fixed pairs (their similarities) and of 20 fixed captions
    /// (the five best pictures of the split), with thumbnails, for dashboard and report. The losses are the same
    /// without; an evaluation takes a few milliseconds longer, the first some more for the thumbnails.
    pub probe: bool,
    /// Compute a locked tower without random augmentation once and keep its features; the losses are the same.
    pub cache_features: bool,
    /// The metric that says how good the run is, split first. With a classifier the default is
    /// `val/classification/top1`.
    pub goal: String,
    /// Which weights are reported on `[data.test]`: the `last`, or the `best` by `goal` on `[data.val]`.
    pub select: Select,
}

impl Run {
    /// Updates of a run whose epochs have so many whole batches.
    pub fn total_steps(&self, an_epoch: u64) -> u64 {
        self.steps.unwrap_or_else(|| self.epochs.unwrap_or(0).saturating_mul(an_epoch))
    }
}

/// Number format of the towers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floating point throughout.
    #[default]
    Fp32,
    /// As fp32, but GPUs multiply matrices with 10 bits of fraction; a processor computes in fp32.
    Tf32,
    /// Matrix products, convolutions and attention in bfloat16: the range of fp32, 7 bits of fraction.
    Bf16,
    /// The same in 16-bit floating point: 10 bits of fraction and a small range, for which the loss is scaled up. For
    /// GPUs without bf16.
    Fp16,
}

/// Which weights a run reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// Those after the last step.
    #[default]
    Last,
    /// Those with the best `goal`.
    Best,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: None,
            steps: None,
            batch: 128,
            micro_batch: 0,
            distinct: false,
            captions: Captions::One,
            shuffle: true,
            precision: Precision::Fp32,
            channels_last: false,
            recompute_activations: false,
            device: "auto".into(),
            workers: 0,
            threads: 0,
            eval_every: 1,
            checkpoint_every: 1,
            log_every: 1,
            probe: true,
            cache_features: true,
            goal: "val/retrieval/t2i/hit@1".into(),
            select: Select::Last,
        }
    }
}

impl Settings for Run {
    fn check(&self, faults: &mut Faults) {
        let lengths = usize::from(self.epochs.is_some()) + usize::from(self.steps.is_some());
        faults.require(lengths != 0, "epochs", "a run needs a length: set `epochs` or `steps`");
        faults.require(self.epochs != Some(0), "epochs", "must be at least 1");
        faults.require(self.steps != Some(0), "steps", "must be at least 1");
        faults.require(
            self.batch >= 2,
            "batch",
            "must be at least 2, for a pair's negatives are the rest of its batch",
        );
        faults.require(device(&self.device), "device", "must be `auto`, `cpu`, `cuda` or `cuda:N`");
        for (key, threads) in [("workers", self.workers), ("threads", self.threads)] {
            let words = format!("must be at most {MOST_THREADS}; 0 takes one for each core");
            faults.require(threads <= MOST_THREADS, key, words);
        }
        faults.require(self.log_every >= 1, "log_every", "must be at least 1");
        let split = self.goal.split_once('/').map(|(split, metric)| (split, metric.is_empty()));
        let named = matches!(split, Some(("val" | "test", false)));
        faults.require(named, "goal", "must name a split and a metric, such as `val/retrieval/t2i/hit@1`");
    }
}

/// Whether `name` is a device; whether the machine has it is seen when the run starts.
fn device(name: &str) -> bool {
    match name.strip_prefix("cuda:") {
        Some(number) => number.parse::<u16>().is_ok(),
        None => matches!(name, "auto" | "cpu" | "cuda"),
    }
}
