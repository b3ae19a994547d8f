//! Cost of the encoders: known FLOP counts, and activation recomputation.

use crate::generator::generator;
use clip_lab_plugin_api::prelude::*;
use clip_lab_torch_ext::{count_flops, recompute_stages};
use plugins_image::*;

fn images(count: i64, side: i64) -> Tensor {
    Tensor::rand([count, 3, side, side], (DType::Float, Device::Cpu))
}

/// FLOPs of the forward pass of one image.
fn forward(settings: &impl Plugin<dyn ImageEncoder>) -> u64 {
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    let images = images(1, settings.properties().image_size);
    count_flops(|| tch::no_grad(|| encoder.encode(&images, Mode::Eval)).unwrap()).unwrap().1
}

#[test]
fn the_defaults_cost_what_is_published() {
    let _generator = generator();
    // torchvision: 4.089 G multiply-adds for ResNet-50 with its classifier of 2048 x 1000, 17.56 G for ViT-B/16.
    assert_eq!(forward(&ResNet::default()), 2 * (4_089_184_256 - 2_048_000));
    let (tokens, width) = (197, 768);
    let block = tokens * 12 * width * width + 2 * tokens * tokens * width;
    assert_eq!(forward(&Vit::default()), 2 * (196 * width * width + 12 * block));
}

#[test]
fn training_costs_three_times_as_much() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let vit = Vit { image_size: 32, patch_size: 8, width: 32, depth: 2, heads: 2, ..Vit::default() };
    let encoder = vit.build(vars.root()).unwrap();
    let images = images(4, 32);
    let step = || encoder.encode(&images, Mode::Train).unwrap().sum(DType::Float).backward();
    // The pixels need no gradient, which saves a third of the first layer.
    let first = 2 * 4 * 16 * (3 * 8 * 8) * 32;
    assert_eq!(count_flops(step).unwrap().1, 3 * 4 * forward(&vit) - first);
}

/// Loss, gradients and buffers after one pass.
fn pass(encoder: &dyn ImageEncoder, vars: &nn::VarStore, images: &Tensor) -> Vec<(String, Tensor)> {
    tch::manual_seed(5);
    let loss = encoder.encode(images, Mode::Train).unwrap().square().mean(DType::Float);
    loss.backward();
    let mut all: Vec<_> = vars.variables().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let tensors = all.into_iter().map(|(name, tensor)| {
        let value = if tensor.requires_grad() { tensor.grad() } else { tensor };
        (name, value.detach().copy())
    });
    tensors.chain([("loss".to_owned(), loss.detach())]).collect()
}

#[test]
fn recomputed_activations_change_nothing() {
    let _generator = generator();
    let vit =
        Vit { image_size: 16, patch_size: 8, width: 16, depth: 2, heads: 2, dropout: 0.2, ..Vit::default() };
    let resnet = ResNet {
        image_size: 32,
        stem_width: 8,
        widths: vec![8, 16],
        layers: vec![1, 2],
        ..ResNet::default()
    };
    let resnet = ResNet { block: ResidualBlock::Basic, ..resnet };
    type Build<'a> = &'a dyn Fn(nn::Path<'_>) -> Result<Box<dyn ImageEncoder>>;
    let builds: [(Build, i64); 2] = [(&|vars| vit.build(vars), 16), (&|vars| resnet.build(vars), 32)];
    for (build, side) in builds {
        let images = images(4, side);
        let after = |again: bool| {
            tch::manual_seed(3);
            let vars = nn::VarStore::new(Device::Cpu);
            let encoder = build(vars.root()).unwrap();
            let pass = || pass(encoder.as_ref(), &vars, &images);
            if again { recompute_stages(pass) } else { pass() }
        };
        assert_eq!(after(false), after(true));
    }
}
