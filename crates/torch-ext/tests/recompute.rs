//! Recomputed activations give bit-identical gradients.

use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Result, bail};
use clip_lab_torch_ext::{autocast, count_flops, is_recomputing, recompute_stages, stage};
use tch::{Device, Kind, Tensor};

/// Tests share the random generator and the memory of one process, so they run one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

const OPTIONS: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Two linear layers with dropout between them.
struct Layer {
    first: Tensor,
    second: Tensor,
}

impl Layer {
    fn new(width: i64) -> Self {
        let weight = || (Tensor::randn([width, width], OPTIONS) * 0.1).set_requires_grad(true);
        Self { first: weight(), second: weight() }
    }

    fn clone(&self) -> Self {
        Self { first: self.first.shallow_clone(), second: self.second.shallow_clone() }
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let inner = x.f_linear(&self.first, None::<Tensor>)?.f_gelu("none")?.f_dropout(0.3, true)?;
        Ok(x.f_add(&inner.f_linear(&self.second, None::<Tensor>)?)?)
    }
}

/// Gradients of all weights and of the input (if it requires one), and the loss.
fn pass(layers: &[Layer], x: &Tensor) -> Vec<Tensor> {
    tch::manual_seed(7);
    let mut y = x.shallow_clone();
    for layer in layers {
        let layer = layer.clone();
        y = stage(&y, move |x| layer.forward(x)).unwrap();
    }
    let loss = y.to_kind(Kind::Float).square().mean(Kind::Float);
    loss.backward();
    let draw = Tensor::rand([2], OPTIONS);
    let weights = layers.iter().flat_map(|layer| [&layer.first, &layer.second]);
    let leaves = weights.chain(x.requires_grad().then_some(x));
    let grads = leaves.map(|leaf| {
        let mut leaf = leaf.shallow_clone();
        let grad = leaf.grad().copy();
        leaf.zero_grad();
        grad
    });
    grads.chain([loss.detach(), draw]).collect()
}

#[test]
fn gradients_are_bit_identical_with_dropout() {
    let _alone = alone();
    tch::manual_seed(1);
    let layers: Vec<Layer> = (0..3).map(|_| Layer::new(16)).collect();
    for requires_grad in [true, false] {
        let x = Tensor::randn([4, 16], OPTIONS).set_requires_grad(requires_grad);
        let (plain, again) = (pass(&layers, &x), recompute_stages(|| pass(&layers, &x)));
        assert_eq!(plain, again, "the input requires a gradient: {requires_grad}");
    }
}

#[test]
fn the_number_format_of_the_forward_pass_is_kept() {
    let _alone = alone();
    tch::manual_seed(2);
    let layers: Vec<Layer> = (0..2).map(|_| Layer::new(16)).collect();
    let x = Tensor::randn([4, 16], OPTIONS).set_requires_grad(true);
    let forward = |layers: &[Layer]| {
        tch::manual_seed(7);
        let y = autocast(Device::Cpu, Kind::BFloat16, || {
            layers.iter().fold(x.shallow_clone(), |x, layer| {
                let layer = layer.clone();
                stage(&x, move |x| layer.forward(x)).unwrap()
            })
        });
        // The backward pass runs outside the region, as in training.
        y.unwrap().to_kind(Kind::Float).square().sum(Kind::Float).backward();
        let mut weight = layers[0].first.shallow_clone();
        let grad = weight.grad().copy();
        layers.iter().for_each(|layer| layer.second.shallow_clone().zero_grad());
        weight.zero_grad();
        grad
    };
    assert_eq!(forward(&layers), recompute_stages(|| forward(&layers)));
}

#[test]
fn the_recomputation_is_flagged() {
    let _alone = alone();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let x = Tensor::ones([2], OPTIONS).set_requires_grad(true);
    let note = seen.clone();
    let y = recompute_stages(|| {
        stage(&x, move |x| {
            note.lock().unwrap().push(is_recomputing());
            // A nested stage is part of it.
            stage(x, |x| Ok(x * 3.0))
        })
    });
    y.unwrap().sum(Kind::Float).backward();
    assert_eq!(*seen.lock().unwrap(), [false, true]);
    assert_eq!(x.grad(), Tensor::from_slice(&[3.0f32, 3.0]));
    let y = tch::no_grad(|| recompute_stages(|| stage(&x, |x| Ok(x * 2.0)))).unwrap();
    assert!(!y.requires_grad());
}

#[test]
fn recomputation_is_not_counted() {
    let _alone = alone();
    let layers: Vec<Layer> = (0..2).map(|_| Layer::new(16)).collect();
    let x = Tensor::randn([4, 16], OPTIONS).set_requires_grad(true);
    let (_, plain) = count_flops(|| pass(&layers, &x)).unwrap();
    let (_, again) = count_flops(|| recompute_stages(|| pass(&layers, &x))).unwrap();
    assert_eq!((plain, again), (3 * 2 * 2 * 2 * 4 * 16 * 16, plain));
}

#[test]
fn failures_are_returned_as_errors() {
    let _alone = alone();
    let x = Tensor::ones([2], OPTIONS).set_requires_grad(true);
    let first = recompute_stages(|| stage(&x, |_| bail!("no such tensor")));
    assert_eq!(first.unwrap_err().to_string(), "no such tensor");
    let second = recompute_stages(|| {
        stage(&x, |x| if is_recomputing() { bail!("gone meanwhile") } else { Ok(x * 2.0) })
    });
    let error = second.unwrap().sum(Kind::Float).f_backward().unwrap_err().to_string();
    assert!(error.contains("gone meanwhile"), "{error}");
    let panicked = recompute_stages(|| stage(&x, |_| panic!("on purpose")));
    assert!(panicked.is_err());
}

#[test]
fn activations_are_not_stored() {
    let _alone = alone();
    let layers: Vec<Layer> = (0..8).map(|_| Layer::new(64)).collect();
    let x = Tensor::randn([1024, 64], OPTIONS).set_requires_grad(true);
    // Tensors only: process memory includes what the allocator retains, which varies between runs.
    let (plain, held) = clip_lab_torch_ext::measure_peak_memory(|| pass(&layers, &x)).unwrap();
    let (again, less) =
        clip_lab_torch_ext::measure_peak_memory(|| recompute_stages(|| pass(&layers, &x))).unwrap();
    eprintln!("activations of 8 layers: {} KiB, recomputed: {} KiB", held >> 10, less >> 10);
    assert_eq!(plain, again);
    assert!(less * 2 < held, "{less} and {held}");
}
