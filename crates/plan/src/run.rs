//! `[run]`: length, batch size, precision, device and cadence.

use clip_lab_plugin_api::{Captions, Problems, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Upper limit of `workers` and `threads`: more than any machine has cores, below the limits of operating systems.
const MAX_THREADS: usize = 1024;
/// Longer runs would overflow counts of samples.
const MAX_LENGTH: u64 = 1_000_000_000_000;
/// The largest batch: 2^20 pairs.
const MAX_BATCH: usize = 1 << 20;

/// Length, batch size, precision and device of a run, and how often it evaluates, logs and saves.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// Random seed. The same spec and seed on the same machine give bit-identical losses, on a GPU with
    /// `deterministic`.
    pub seed: u64,
    /// Length of the run in passes over the training images. Set this or `steps`.
    pub epochs: Option<u64>,
    /// Length of the run in optimizer updates. Set this or `epochs`.
    pub steps: Option<u64>,
    /// Pairs in a batch; each pair's negatives are all others in it. A last, incomplete batch is dropped.
    pub batch: usize,
    /// Pairs in a micro-batch: a larger batch is split (GradCache), which takes about a third more time and far less
    /// memory. Loss and gradients are those of the whole batch: embeddings are computed first, then each micro-batch
    /// again with the same dropout. 0 disables splitting. Batch norm normalises over micro-batches and updates its
    /// running statistics once for each; everything else is unchanged.
    pub micro_batch: usize,
    /// Never put two captions of one image, or duplicate captions (ignoring case and whitespace), into one batch, where
    /// they would be false negatives. A duplicate is swapped with another pair of the epoch.
    pub distinct: bool,
    /// Captions of an image used per epoch: `one`, sampled again in every epoch, or `all`.
    pub captions: Captions,
    /// Shuffle the pairs in every epoch; `false` keeps the order of the files.
    pub shuffle: bool,
    /// Number format of the towers, forward and backward, also in evaluation. Weights, losses and optimizer state are
    /// always 32-bit.
    pub precision: Precision,
    /// Store images in channels-last memory format (NHWC): faster convolutions, mainly for ResNets.
    pub channels_last: bool,
    /// Activation checkpointing: keep only the input of each block and recompute the rest in the backward pass. Much
    /// less memory for about a third more compute; the gradients are the same.
    pub recompute_activations: bool,
    /// Device: `auto` (the first GPU, else the CPU), `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// Use only deterministic kernels. On a GPU the same spec and seed then give the same losses bit by bit, with the
    /// same GPU model and libtorch. Without it a GPU adds sums in varying order, and cuDNN uses the convolutions that
    /// are fastest when measured. Slower; an operation without a deterministic kernel is an error. On the CPU losses are
    /// reproducible in any case.
    pub deterministic: bool,
    /// Threads that read and decode images, at most 1024; 0 uses one per core.
    pub workers: usize,
    /// Compute threads, at most 1024; 0 uses all cores.
    pub threads: usize,
    /// Epochs between evaluations of `[data.val]`; 0 evaluates only at the end.
    pub eval_every: u64,
    /// Epochs between checkpoints; 0 writes only the last.
    pub checkpoint_every: u64,
    /// Steps between records of the loss.
    pub log_every: u64,
    /// At every evaluation, record the similarities of 32 fixed pairs and the five best images for 20 fixed captions,
    /// with thumbnails, for dashboard and report. Losses do not change; an evaluation takes a few milliseconds longer,
    /// the first one more for the thumbnails.
    pub probe: bool,
    /// Compute the features of a locked tower once and cache them, unless augmentation is random; losses do not change.
    pub cache_features: bool,
    /// Metric to rank runs and select checkpoints by, as `SPLIT/METRIC`. Default with a classifier:
    /// `val/classification/top1`.
    pub goal: String,
    /// Weights to evaluate on `[data.test]`: the `last`, or the `best` by `goal` on `[data.val]`.
    pub select: Select,
}

impl Run {
    /// Optimizer updates of the run, given the full batches in an epoch.
    pub fn total_steps(&self, steps_per_epoch: u64) -> u64 {
        self.steps.unwrap_or_else(|| self.epochs.unwrap_or(0).saturating_mul(steps_per_epoch))
    }
}

/// Number format of the towers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floating point throughout.
    #[default]
    Fp32,
    /// As fp32, but GPUs multiply matrices with a 10-bit mantissa; the CPU computes in fp32.
    Tf32,
    /// Matrix products, convolutions and attention in bfloat16: the range of fp32, a 7-bit mantissa.
    Bf16,
    /// The same in float16: a 10-bit mantissa and a small range, so the loss is scaled. For GPUs without bf16.
    Fp16,
}

/// Weights that a run reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// After the last step.
    #[default]
    Last,
    /// With the best `goal`.
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
            deterministic: false,
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
    fn check(&self, problems: &mut Problems) {
        let lengths = usize::from(self.epochs.is_some()) + usize::from(self.steps.is_some());
        problems.require(lengths != 0, "epochs", "set the length of the run: `epochs` or `steps`");
        for (key, length) in [("epochs", self.epochs), ("steps", self.steps)] {
            problems.require(length != Some(0), key, "must be at least 1");
            problems.require(length.is_none_or(|length| length <= MAX_LENGTH), key, "must be at most 10^12");
        }
        problems.require(
            self.batch >= 2,
            "batch",
            "must be at least 2: a pair's negatives are the rest of its batch",
        );
        problems.require(self.batch <= MAX_BATCH, "batch", format!("must be at most {MAX_BATCH}"));
        problems.require(device(&self.device), "device", "must be `auto`, `cpu`, `cuda` or `cuda:N`");
        for (key, threads) in [("workers", self.workers), ("threads", self.threads)] {
            let message = format!("must be at most {MAX_THREADS}; 0 uses one per core");
            problems.require(threads <= MAX_THREADS, key, message);
        }
        problems.require(self.log_every >= 1, "log_every", "must be at least 1");
        let split = self.goal.split_once('/').map(|(split, metric)| (split, metric.is_empty()));
        let named = matches!(split, Some(("val" | "test", false)));
        problems.require(named, "goal", "must name a split and a metric, such as `val/retrieval/t2i/hit@1`");
    }
}

/// Whether `name` is a valid device name; the run checks at its start whether the machine has it.
fn device(name: &str) -> bool {
    match name.strip_prefix("cuda:") {
        Some(number) => number.parse::<u16>().is_ok(),
        None => matches!(name, "auto" | "cpu" | "cuda"),
    }
}
