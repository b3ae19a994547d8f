//! Number formats of layers under autocast.

use crate::generator::generator;
use clip_lab_nn::*;
use clip_lab_torch_ext::autocast;
use tch::{Device, Kind, Tensor, nn};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

fn cast(f: impl FnOnce() -> Tensor) -> Tensor {
    autocast(Device::Cpu, Kind::BFloat16, f).unwrap()
}

fn config(layer_scale: Option<f64>) -> BlockConfig {
    BlockConfig {
        attention: AttentionConfig { width: 8, heads: 2, qkv_bias: true, dropout: 0.0 },
        mlp_dim: 16,
        activation: Activation::Gelu,
        norm_eps: 1e-5,
        order: NormOrder::Pre,
        layer_scale,
        dropout: 0.0,
        drop_path: 0.0,
        init: BlockInit::normal(0.1),
    }
}

#[test]
fn a_layer_norm_keeps_the_format_of_its_input() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let norm = LayerNorm::new(&vars.root(), 8, 1e-5).unwrap();
    let x = Tensor::randn([2, 3, 8], FLOAT);
    for kind in [Kind::Float, Kind::BFloat16] {
        assert_eq!(cast(|| norm.forward(&x.to_kind(kind)).unwrap()).kind(), kind);
    }
}

/// What a GPU computes with bf16 tokens, on the CPU.
#[test]
fn a_block_keeps_the_format_of_its_input() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let block = Block::new(&(&vars.root() / "plain"), &config(None)).unwrap();
    let scaled = Block::new(&(&vars.root() / "scaled"), &config(Some(0.1))).unwrap();
    let x = Tensor::randn([2, 5, 8], FLOAT);
    let half = x.to_kind(Kind::BFloat16);
    let output = |block: &Block, x: &Tensor| cast(|| block.forward(x, Mask::None, false).unwrap());
    let narrow = output(&block, &half);
    assert_eq!((narrow.kind(), output(&block, &x).kind()), (Kind::BFloat16, Kind::Float));
    assert_eq!(output(&scaled, &half).kind(), Kind::Float, "LayerScale is f32");
    let exact = block.forward(&x, Mask::None, false).unwrap();
    assert!(narrow.to_kind(Kind::Float).allclose(&exact, 0.05, 0.05, false));
}
