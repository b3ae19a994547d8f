//! Losses and weights of runs, and their differences.

use std::{fs, path::Path};

use clip_lab_checkpoint::TensorFile;
use tch::Kind;

use crate::lab::{Lab, TINY};

pub const LOSS: f64 = 1e-6;
pub const WEIGHTS: f64 = 1e-5;

/// The spec of these stories: twenty steps in micro-batches of four, so that two processes have one each.
pub fn spec(loss: &str, more: &str) -> String {
    let text =
        TINY.replace("steps = 12", "steps = 20\nmicro_batch = 4").replace("eval_every = 2", "eval_every = 1");
    let text = text.replace("plugin = \"clip\"\n[optimizer]", &format!("{loss}\n[optimizer]"));
    // AdamW divides by the size of a gradient: with a small `eps` it amplifies the rounding of one that is nearly zero.
    text.replace("lr = 1e-3", "lr = 1e-3\neps = 1e-3") + more
}

/// A lab whose captions have different lengths and are partly equal.
pub fn lab(spec: &str) -> Lab {
    let lab = Lab::new();
    let list = fs::read_to_string(lab.path("data/captions.csv")).unwrap();
    let line = |(index, line): (usize, &str)| match index {
        0 => format!("{line}\n"),
        _ if index % 5 == 0 => line.replace(&format!("number {}", index - 1), "same caption") + "\n",
        _ => line.replace("a square", &"a very small square ".repeat(index % 4)) + "\n",
    };
    lab.write("data/captions.csv", list.lines().enumerate().map(line).collect::<String>());
    lab.write("tiny.toml", spec);
    lab
}

/// Losses and weights of a run.
pub struct Trained {
    losses: Vec<(u64, f64)>,
    weights: Vec<(String, Vec<f64>)>,
}

impl Trained {
    /// Losses and weights of the newest run.
    pub fn newest(lab: &Lab) -> Self {
        let number = |(step, loss): (u64, String)| (step, loss.parse().unwrap());
        let losses = lab.losses().into_iter().map(number).collect();
        Self { losses, weights: weights(&lab.folder().join("last.safetensors")) }
    }

    /// The largest differences of losses and of weights, relative where a number is above 1: one unit in the last place of a
    /// float of 10 is a millionth already.
    pub fn differences(&self, other: &Self) -> (f64, f64) {
        let steps = |trained: &Self| trained.losses.iter().map(|(step, _)| *step).collect::<Vec<_>>();
        assert_eq!(steps(self), steps(other));
        let losses = self.losses.iter().zip(&other.losses).map(|((_, a), (_, b))| apart(*a, *b));
        let mut weights = 0.0f64;
        for ((name, a), (other, b)) in self.weights.iter().zip(&other.weights) {
            assert_eq!((name, a.len()), (other, b.len()));
            weights = a.iter().zip(b).map(|(a, b)| apart(*a, *b)).fold(weights, f64::max);
        }
        (losses.fold(0.0, f64::max), weights)
    }

    #[track_caller]
    pub fn assert_equals(&self, other: &Self, what: &str) {
        let (losses, weights) = self.differences(other);
        println!("{what}: losses differ by {losses:.1e}, weights by {weights:.1e}");
        assert!(losses <= LOSS && weights <= WEIGHTS, "{what}: {losses:e}, {weights:e}");
    }
}

fn apart(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(1.0)
}

/// All numbers of a checkpoint: weights, running statistics, optimizer and averages.
pub fn weights(path: &Path) -> Vec<(String, Vec<f64>)> {
    let file = TensorFile::open(path).unwrap();
    let mut names = file.names();
    names.sort();
    let values = |name: &String| {
        let tensor = file.tensor(name).unwrap().to_kind(Kind::Double).reshape([-1]);
        Vec::try_from(tensor).unwrap()
    };
    names.iter().map(|name| (name.clone(), values(name))).collect()
}

/// Trains with one process and with several, and compares them.
pub fn assert_equal(lab: &Lab, what: &str, more: &[&str], counts: &[&str]) {
    lab.run(&[&["run", "tiny.toml"], more].concat()).success();
    let one = Trained::newest(lab);
    assert!(one.losses.len() == 20 && one.losses[0].1 != one.losses[19].1);
    for count in counts {
        lab.run(&[&["run", "tiny.toml", "--nproc", count], more].concat()).success();
        Trained::newest(lab).assert_equals(&one, &format!("{what}, 1 and {count}"));
    }
}
