//! Micro-batches give the gradients of the whole batch: in double precision, with dropout, batch norm and locked towers.
//! Tests run one at a time, because they share libtorch's global generator.

use std::cell::Cell;

use crate::support::serial_guard;
use anyhow::Result;
use clip_lab::{
    builtin,
    model::unit,
    train::{LossCheck, MicroBatchedTowers as Towers, Sharing},
};
use clip_lab_nn::BatchNorm;
use clip_lab_plugin_api::{Loss, LossContext, Pair, PairLoss, Scored, Section, parse};
use tch::{Device, Kind, Tensor, nn};

const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);
const PARTS: [i64; 4] = [5, 5, 5, 2];
const LOSSES: [&str; 4] = [
    "plugin = 'clip'",
    "plugin = 'clip'\ntile = 4",
    "plugin = 'siglip'\nbias = -3.0",
    "plugin = 'multi_positive'",
];

fn towers<'a>(
    image: &'a dyn Fn(usize) -> Result<Tensor>,
    text: &'a dyn Fn(usize) -> Result<Tensor>,
    micro_batches: usize,
) -> Towers<'a> {
    Towers { image, text, micro_batches, loss_check: LossCheck::BeforeBackward, sharing: Sharing::Alone }
}

/// A tower of two layers over inputs in micro-batches.
struct Tower {
    inputs: Vec<Tensor>,
    first: Tensor,
    second: Tensor,
    dropout: f64,
    seed: i64,
}

impl Tower {
    fn new(dropout: f64) -> Self {
        let weight = |shape: [i64; 2]| Tensor::randn(shape, DOUBLE).set_requires_grad(true);
        let inputs = PARTS.iter().map(|&rows| Tensor::randn([rows, 6], DOUBLE)).collect();
        Self {
            inputs,
            first: weight([6, 8]),
            second: weight([8, 4]),
            dropout,
            seed: Tensor::randint(1 << 40, [1], (Kind::Int64, Device::Cpu)).int64_value(&[0]),
        }
    }

    fn embed(&self, input: &Tensor) -> Result<Tensor> {
        let hidden = input.matmul(&self.first).tanh().dropout(self.dropout, self.dropout > 0.0);
        unit(&hidden.matmul(&self.second))
    }

    /// A part, with the random numbers that belong to its number.
    fn part(&self, part: usize) -> Result<Tensor> {
        tch::manual_seed(self.seed + part as i64);
        self.embed(&self.inputs[part])
    }

    /// Returns and clears the gradients.
    fn gradients(&mut self) -> Vec<Tensor> {
        [&mut self.first, &mut self.second]
            .map(|weight| {
                let gradient = weight.grad().copy();
                weight.zero_grad();
                gradient
            })
            .into()
    }
}

/// A loss over pairs and its variables.
struct Built(Box<dyn PairLoss>, nn::VarStore);

impl Built {
    fn new(text: &str) -> Self {
        let mut vars = nn::VarStore::new(Device::Cpu);
        vars.set_kind(Kind::Double);
        let section = Section::new("loss", 0..0, parse(text.to_owned()).unwrap());
        let planned = builtin::catalog().loss.plan(section).unwrap();
        match *planned.build(LossContext { vars: vars.root(), batch: 17 }).unwrap() {
            Loss::Pairs(loss) => Self(loss, vars),
            other => panic!("{text} is {other:?}"),
        }
    }

    fn score(&self, image: &Tensor, text: &Tensor) -> Result<Scored> {
        let group = Tensor::arange(17, (Kind::Int64, Device::Cpu)).remainder(11);
        self.0.score(&Pair { group: Some(&group), ..Pair::new(image, text) })
    }

    fn gradients(&self) -> Vec<Tensor> {
        let mut all: Vec<_> = self.1.variables().into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let take = |(_, mut variable): (String, Tensor)| {
            let gradient = variable.grad().copy();
            variable.zero_grad();
            gradient
        };
        all.into_iter().map(take).collect()
    }
}

fn in_parts(image: &Tower, text: &Tower, loss: &Built) -> f64 {
    let (embed_image, embed_text) = (|part: usize| image.part(part), |part: usize| text.part(part));
    let towers = towers(&embed_image, &embed_text, PARTS.len());
    let score = |image: &Tensor, text: &Tensor| loss.score(image, text);
    let backward = |loss: &Tensor| Ok(loss.f_backward()?);
    towers.gradients(&score, &backward, &[]).unwrap().loss.double_value(&[])
}

fn close(name: &str, a: &[Tensor], b: &[Tensor]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        let worst = (a - b).abs().max().double_value(&[]);
        assert!(worst < 1e-10, "{name}: off by {worst:e}");
        assert!(a.abs().max().double_value(&[]) > 1e-6, "{name}: nothing was learned");
    }
}

/// Compares loss and gradients of the whole batch with those of micro-batches. `whole` embeds a tower's batch.
fn compare(dropout: f64, whole: impl Fn(&Tower) -> Tensor) {
    for spec in LOSSES {
        tch::manual_seed(7);
        let (mut image, mut text, loss) = (Tower::new(dropout), Tower::new(dropout), Built::new(spec));
        let (all_images, all_texts) = (whole(&image), whole(&text));
        let one = loss.score(&all_images, &all_texts).unwrap().loss;
        one.backward();
        let want = (image.gradients(), text.gradients(), loss.gradients());
        let many = in_parts(&image, &text, &loss);
        assert!((one.double_value(&[]) - many).abs() < 1e-12, "{spec}");
        close(spec, &want.0, &image.gradients());
        close(spec, &want.1, &text.gradients());
        close(spec, &want.2, &loss.gradients());
    }
}

#[test]
fn without_dropout_micro_batches_equal_the_whole_batch() {
    let _guard = serial_guard();
    compare(0.0, |tower| tower.embed(&Tensor::cat(&tower.inputs, 0)).unwrap());
}

#[test]
fn with_dropout_each_micro_batch_is_recomputed_with_its_mask() {
    let _guard = serial_guard();
    compare(0.4, |tower| {
        let parts: Vec<Tensor> = (0..PARTS.len()).map(|part| tower.part(part).unwrap()).collect();
        Tensor::cat(&parts, 0)
    });
}

#[test]
fn running_statistics_are_updated_once() {
    let _guard = serial_guard();
    tch::manual_seed(3);
    let mut vars = nn::VarStore::new(Device::Cpu);
    let norm = BatchNorm::new(&vars.root(), 3, 1e-5, 1.0).unwrap();
    vars.double();
    let (images, text) = (Tensor::randn([4, 8, 3, 2, 2], DOUBLE) + 1.0, Tower::new(0.0));
    let embed = |part: usize| {
        let rows = norm.forward(&images.get(part as i64), true)?.flatten(1, 3);
        unit(&rows.narrow(1, 2, 4)) // of two channels
    };
    let variables = vars.variables();
    let buffers: Vec<(String, Tensor)> = variables
        .iter()
        .filter(|(_, tensor)| !tensor.requires_grad())
        .map(|(n, t)| (n.clone(), t.shallow_clone()))
        .collect();
    assert_eq!(buffers.len(), 2);
    let now = || buffers.iter().map(|(_, buffer)| buffer.copy()).collect::<Vec<_>>();
    let before = now();
    (0..4).for_each(|part| drop(embed(part).unwrap()));
    let once = now();
    for ((_, buffer), old) in buffers.iter().zip(&before) {
        tch::no_grad(|| buffer.shallow_clone().copy_(old));
    }
    let captions = |part: usize| {
        text.embed(
            &Tensor::ones([8, 6], DOUBLE).cumsum(0, Kind::Double).g_mul_scalar(part as f64 + 0.3).sin(),
        )
    };
    let loss = Built::new("plugin = 'clip'");
    let towers = towers(&embed, &captions, 4);
    let score = |image: &Tensor, text: &Tensor| loss.0.score(&Pair::new(image, text));
    towers.gradients(&score, &|loss| Ok(loss.f_backward()?), &buffers).unwrap();
    assert!(variables["weight"].grad().abs().max().double_value(&[]) > 1e-6);
    assert_eq!(once, now());
    assert_ne!(before, now());
}

#[test]
fn a_locked_side_is_not_recomputed() {
    let _guard = serial_guard();
    let (image, mut text, loss) = (Tower::new(0.0), Tower::new(0.0), Built::new("plugin = 'clip'"));
    let _ = (image.first.set_requires_grad(false), image.second.set_requires_grad(false));
    let calls = Cell::new(0);
    let counted = |part: usize| {
        calls.set(calls.get() + 1);
        image.part(part)
    };
    let captions = |part: usize| text.part(part);
    let towers = towers(&counted, &captions, PARTS.len());
    let score = |image: &Tensor, text: &Tensor| loss.score(image, text);
    towers.gradients(&score, &|loss| Ok(loss.f_backward()?), &[]).unwrap();
    assert_eq!(calls.get(), PARTS.len() + 1, "each part once, and a check whether anything is trained");
    assert!(text.gradients().iter().all(|gradient| gradient.abs().max().double_value(&[]) > 1e-6));
}

#[test]
fn a_loss_that_is_not_finite_leaves_no_gradients() {
    let _guard = serial_guard();
    let (image, text, loss) = (Tower::new(0.0), Tower::new(0.0), Built::new("plugin = 'clip'"));
    let captions = |part: usize| Ok(text.part(part)? * f64::NAN);
    let images = |part: usize| image.part(part);
    let towers = towers(&images, &captions, PARTS.len());
    let score = |image: &Tensor, text: &Tensor| loss.score(image, text);
    let scored = towers.gradients(&score, &|loss| Ok(loss.f_backward()?), &[]).unwrap();
    let value = scored.loss.double_value(&[]);
    assert!(value.is_nan() && !scored.loss.requires_grad());
    assert!(!image.first.grad().defined() && !text.first.grad().defined());
}

#[test]
fn micro_batches_take_the_memory_of_one() {
    let _guard = serial_guard();
    let weights: Vec<Tensor> =
        (0..12).map(|_| (Tensor::randn([64, 64], DOUBLE) * 0.1).set_requires_grad(true)).collect();
    let deep =
        |rows: &Tensor| unit(&weights.iter().fold(rows.shallow_clone(), |x, weight| x.matmul(weight).tanh()));
    let inputs = Tensor::randn([512, 64], DOUBLE);
    let loss = Built::new("plugin = 'clip'\ntile = 64");
    let score = |image: &Tensor, text: &Tensor| loss.0.score(&Pair::new(image, text));
    let peak = |parts: i64| {
        let embed = |part: usize| deep(&inputs.narrow(0, part as i64 * 512 / parts, 512 / parts));
        let towers = towers(&embed, &embed, parts as usize);
        let run = || towers.gradients(&score, &|loss| Ok(loss.f_backward()?), &[]).unwrap();
        let (_, bytes) = clip_lab_torch_ext::measure_peak_memory(run).unwrap();
        bytes
    };
    peak(16); // allocates the weights' gradients
    let (one, many) = (peak(1), peak(16));
    assert!(many * 3 < one, "{many} bytes in parts, {one} at once");
}
