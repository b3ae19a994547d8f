//! Every image encoder satisfies the contract with all of its settings.

use crate::generator::generator;
use clip_lab_nn::Activation;
use clip_lab_plugin_api::{conformance, prelude::*};
use plugins_image::*;

fn vit() -> Vit {
    Vit { image_size: 16, patch_size: 5, width: 12, depth: 2, heads: 3, ..Vit::default() }
}

fn resnet() -> ResNet {
    ResNet {
        image_size: 32,
        layers: vec![1, 2],
        widths: vec![16, 32],
        stem_width: 8,
        pool_heads: 4,
        output: 6,
        ..ResNet::default()
    }
}

fn problems<S: Settings>(settings: &S) -> Vec<(String, String)> {
    let mut problems = Problems::default();
    settings.check(&mut problems);
    problems.found().to_vec()
}

/// Builds it, checks it and returns its layers.
fn conforms<S: Plugin<dyn ImageEncoder> + std::fmt::Debug>(settings: &S) -> Vec<String> {
    assert_eq!(problems(settings), []);
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    let checked = conformance::image_encoder(&*encoder, &vars, &settings.properties());
    checked.unwrap_or_else(|error| panic!("{settings:?}: {error:?}"));
    encoder.layers()
}

#[test]
fn vit_satisfies_the_contract_in_every_shape() {
    let _generator = generator();
    let shapes = [
        vit(),
        Vit { pool: Pool::Pooler, ..vit() },
        Vit { pool: Pool::Pooler, final_norm: FinalNorm::None, init: VitInit::Clip, ..vit() },
        Vit { pool: Pool::Avg, ..vit() },
        Vit { pool: Pool::Avg, cls_token: false, final_norm: FinalNorm::Tokens, ..vit() },
        Vit { pool: Pool::Attention, cls_token: false, activation: Activation::GeluTanh, ..vit() },
        Vit { init: VitInit::Timm, ..vit() },
        Vit { cls_position: false, layer_scale: 0.1, qkv_bias: false, ..vit() },
        Vit { dropout: 0.1, attention_dropout: 0.1, mlp_ratio: 2.6, ..vit() },
        Vit {
            pre_norm: true,
            patch_bias: false,
            init: VitInit::Clip,
            activation: Activation::QuickGelu,
            ..vit()
        },
    ];
    for settings in &shapes {
        assert_eq!(conforms(settings), ["embeddings", "blocks.0", "blocks.1", "head"]);
    }
    let bare = Vit { final_norm: FinalNorm::None, ..vit() };
    assert_eq!(conforms(&bare), ["embeddings", "blocks.0", "blocks.1"]);
}

#[test]
fn resnet_satisfies_the_contract_in_every_shape() {
    let _generator = generator();
    let openai = ResNet { variant: Variant::Openai, pool: ImagePool::Attention, ..resnet() };
    let plain = ["stem", "stages.0.0", "stages.1.0", "stages.1.1"];
    for settings in [
        resnet(),
        ResNet { stride_in: StrideIn::First, zero_init_last: false, first_stride: true, ..resnet() },
        ResNet { block: ResidualBlock::Basic, stem_width: 16, ..resnet() },
        ResNet { base_width: 32, groups: 2, ..resnet() },
        ResNet { pool: ImagePool::Avg, ..openai.clone() },
    ] {
        assert_eq!(conforms(&settings), plain);
    }
    assert_eq!(conforms(&openai), [plain.as_slice(), &["head"]].concat());
}

#[test]
fn impossible_settings_name_their_keys() {
    let keys = |found: Vec<(String, String)>| found.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let wild = Vit { width: i64::MAX, depth: 0, heads: 0, patch_size: 0, mlp_ratio: f64::NAN, ..vit() };
    assert_eq!(keys(problems(&wild)), ["depth", "width", "mlp_ratio", "heads", "patch_size"]);
    let headless = Vit { cls_token: false, dropout: 1.0, norm_eps: Some(0.0), ..vit() };
    assert_eq!(keys(problems(&headless)), ["norm_eps", "dropout", "pool"]);
    assert_eq!(keys(problems(&Vit { pool: Pool::Pooler, cls_token: false, ..vit() })), ["pool"]);
    let wild = ResNet { widths: vec![i64::MAX], groups: -1, bn_eps: f64::NAN, ..resnet() };
    assert_eq!(keys(problems(&wild)), ["groups", "widths", "widths", "bn_eps"]);
    let basic = ResNet { block: ResidualBlock::Basic, groups: 2, variant: Variant::Openai, ..resnet() };
    assert_eq!(keys(problems(&basic)), ["block", "groups"]);
    let pooled = ResNet { pool: ImagePool::Attention, image_size: 36, pool_heads: 5, ..resnet() };
    assert_eq!(keys(problems(&pooled)), ["pool_heads", "image_size"]);
}

#[test]
fn images_of_another_size_are_an_error_or_supported() {
    let _generator = generator();
    let encode = |encoder: Box<dyn ImageEncoder>, side: i64| {
        encoder.encode(&Tensor::zeros([2, 3, side, side], (DType::Float, Device::Cpu)), Mode::Eval)
    };
    let vars = nn::VarStore::new(Device::Cpu);
    let error = encode(vit().build(&vars.root() / "vit").unwrap(), 20).unwrap_err().to_string();
    assert!(error.contains("[B, 3, 16, 16]") && error.contains("image_size"), "{error}");
    let attention = ResNet { variant: Variant::Openai, pool: ImagePool::Attention, ..resnet() };
    let error = encode(attention.build(&vars.root() / "attention").unwrap(), 40).unwrap_err().to_string();
    assert!(error.contains("only 32x32"), "{error}");
    let features = encode(resnet().build(&vars.root() / "resnet").unwrap(), 40).unwrap();
    assert_eq!(features.size(), [2, 32]);
}

#[test]
fn a_frozen_resnet_computes_the_same_in_training_and_evaluation() {
    let _generator = generator();
    let mut vars = nn::VarStore::new(Device::Cpu);
    let encoder = resnet().build(vars.root()).unwrap();
    let images = Tensor::rand([4, 3, 32, 32], (DType::Float, Device::Cpu));
    let (train, eval) =
        (encoder.encode(&images, Mode::Train).unwrap(), encoder.encode(&images, Mode::Eval).unwrap());
    assert!(!train.allclose(&eval, 1e-3, 1e-3, false));
    vars.freeze();
    let before = vars.variables()["stem.bn1.running_mean"].copy();
    assert_eq!(encoder.encode(&images, Mode::Train).unwrap(), eval);
    assert_eq!(vars.variables()["stem.bn1.running_mean"], before);
}

#[test]
fn the_defaults_are_the_documented_models() {
    let _generator = generator();
    let count = |settings: &dyn Fn(nn::Path<'_>) -> Result<Box<dyn ImageEncoder>>| -> usize {
        let vars = nn::VarStore::new(Device::Cpu);
        settings(vars.root()).unwrap();
        vars.trainable_variables().iter().map(Tensor::numel).sum()
    };
    assert_eq!(count(&|vars| Vit::default().build(vars)), 85_798_656);
    assert_eq!(count(&|vars| ResNet::default().build(vars)), 23_508_032);
    let rn50 = ResNet { variant: Variant::Openai, pool: ImagePool::Attention, ..ResNet::default() };
    assert_eq!(count(&|vars| rn50.build(vars)), 38_316_896);
}

#[test]
fn the_encoders_are_registered() {
    let mut catalog = Catalog::default();
    register(&mut catalog);
    assert_eq!(catalog.image.names(), ["vit", "resnet", "torchscript"]);
}
