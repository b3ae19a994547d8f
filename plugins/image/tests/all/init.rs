//! The initial weights of a ViT are those of the library that `init` names.

use crate::generator::generator;
use clip_lab_plugin_api::prelude::*;
use plugins_image::*;

fn vit(init: VitInit) -> Vit {
    Vit { image_size: 64, patch_size: 8, width: 96, depth: 1, heads: 4, init, ..Vit::default() }
}

/// Root mean square and largest magnitude of a variable. The smallest here has 96 values.
fn spread(settings: &Vit, name: &str) -> (f64, f64) {
    let vars = nn::VarStore::new(Device::Cpu);
    settings.build(vars.root()).unwrap();
    let variable = vars.variables()[name].detach();
    let mean_square = variable.square().mean(DType::Double).double_value(&[]);
    (mean_square.sqrt(), variable.abs().max().double_value(&[]))
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 0.4, "{found}, expected {expected}");
}

#[test]
fn normal_is_hugging_face() {
    let _generator = generator();
    // `ViTPreTrainedModel._init_weights` with initializer_range 0.02.
    for name in
        ["embeddings.patch.weight", "embeddings.cls", "embeddings.position", "blocks.0.attn.qkv.weight"]
    {
        near(spread(&vit(VitInit::Normal), name).0, 0.02);
    }
    for name in ["embeddings.patch.bias", "blocks.0.attn.qkv.bias", "blocks.0.mlp.fc1.bias"] {
        assert_eq!(spread(&vit(VitInit::Normal), name), (0.0, 0.0));
    }
}

#[test]
fn timm_is_timm() {
    let _generator = generator();
    // `VisionTransformer.init_weights` with mode '': `Linear` layers, positions and class token; the convolution keeps
    // torch's defaults, uniform within 1 / sqrt(fan_in).
    let settings = vit(VitInit::Timm);
    let bound = 1.0 / (3.0 * 8.0 * 8.0f64).sqrt();
    for name in ["embeddings.patch.weight", "embeddings.patch.bias"] {
        let (spread, largest) = spread(&settings, name);
        near(spread, bound / 3.0f64.sqrt());
        assert!(largest <= bound, "{name}: {largest}");
    }
    near(spread(&settings, "embeddings.cls").0, 1e-6);
    near(spread(&settings, "embeddings.position").0, 0.02);
    near(spread(&settings, "blocks.0.mlp.fc2.weight").0, 0.02);
    assert_eq!(spread(&settings, "blocks.0.mlp.fc2.bias"), (0.0, 0.0));
}

#[test]
fn clip_is_openai() {
    let _generator = generator();
    // `VisionTransformer.__init__` scales both by width^-0.5; `nn.LayerNorm` has an epsilon of 1e-5.
    let settings = vit(VitInit::Clip);
    for name in ["embeddings.cls", "embeddings.position"] {
        near(spread(&settings, name).0, 96f64.powf(-0.5));
    }
    assert_eq!(
        [VitInit::Normal, VitInit::Timm, VitInit::Clip].map(|init| vit(init).norm_eps()),
        [1e-6, 1e-6, 1e-5]
    );
    assert_eq!(Vit { norm_eps: Some(1e-12), ..settings }.norm_eps(), 1e-12);
}
