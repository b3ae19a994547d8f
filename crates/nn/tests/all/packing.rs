//! Packed batches give the results of padded ones.

use crate::generator::generator;
use clip_lab_nn::*;
use tch::{Device, Kind, Tensor, nn};

const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);

/// Three texts of 4, 1 and 2 tokens.
fn mask() -> Tensor {
    let rows = [true, true, true, true, true, false, false, false, true, true, false, false];
    Tensor::from_slice(&rows).view([3, 4])
}

fn config(order: NormOrder, drop_path: f64) -> BlockConfig {
    let init = LinearInit::normal(0.5);
    BlockConfig {
        attention: AttentionConfig { width: 6, heads: 2, qkv_bias: true, dropout: 0.0 },
        mlp_dim: 8,
        activation: Activation::Gelu,
        norm_eps: 1e-5,
        order,
        layer_scale: None,
        dropout: 0.0,
        drop_path,
        init: BlockInit { qkv: init, out: init, fc1: init, fc2: init },
    }
}

#[test]
fn packing_and_padding_are_inverse() {
    let packing = Packing::new(&mask()).unwrap();
    let tokens = Tensor::arange(14, DOUBLE).view([7, 2]);
    let padded = packing.pad(&tokens).unwrap();
    assert_eq!(padded.size(), [3, 4, 2]);
    assert_eq!(padded.select(0, 1).narrow(0, 1, 3).abs().sum(Kind::Double).double_value(&[]), 0.0);
    assert_eq!(packing.pack(&padded).unwrap(), tokens);
    let table = Tensor::arange(5, DOUBLE).view([5, 1]);
    let positions = packing.positions(&table, 4).unwrap().view([-1]);
    assert_eq!(Vec::<f64>::try_from(positions).unwrap(), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_batch_with_little_padding_stays_padded() {
    let full = Tensor::ones([2, 8], (Kind::Bool, Device::Cpu));
    let _ = full.get(1).get(7).fill_(0);
    let packing = Packing::new(&full).unwrap();
    let x = Tensor::arange(48, DOUBLE).view([2, 8, 3]);
    assert_eq!(packing.pack(&x).unwrap(), x);
    assert_eq!(packing.pad(&x).unwrap(), x);
}

/// The values of the real tokens, and the gradients of input and weights of their weighted sum.
fn run(block: &Block, vars: &nn::VarStore, x: &Tensor, mask: Mask<'_>, packing: &Packing) -> Vec<Tensor> {
    let real = Packing::new(&self::mask()).unwrap();
    let x = x.detach().set_requires_grad(true);
    tch::manual_seed(3);
    let y = block.forward_packed(&packing.pack(&x).unwrap(), mask, packing, true).unwrap();
    let y = real.pack(&packing.pad(&y).unwrap()).unwrap(); // [T, W]
    let weights = (Tensor::arange(y.numel() as i64, DOUBLE) * 0.7).sin().view_as(&y);
    (&y * weights).sum(Kind::Double).backward();
    let mut variables: Vec<(String, Tensor)> = vars.variables().into_iter().collect();
    variables.sort_by(|a, b| a.0.cmp(&b.0));
    let gradients = variables.iter_mut().map(|(_, tensor)| {
        let gradient = tensor.grad().copy();
        tensor.zero_grad();
        gradient
    });
    [y.detach(), real.pack(&x.grad()).unwrap()].into_iter().chain(gradients).collect()
}

#[test]
fn a_block_gives_the_values_and_gradients_of_the_padded_batch() {
    let _generator = generator();
    let (mask, packing) = (mask(), Packing::new(&mask()).unwrap());
    for (order, drop_path) in [(NormOrder::Pre, 0.0), (NormOrder::Post, 0.0), (NormOrder::Post, 0.5)] {
        for mask in [Mask::Keys(&mask), Mask::Causal] {
            let mut vars = nn::VarStore::new(Device::Cpu);
            vars.set_kind(Kind::Double);
            let block = Block::new(&vars.root(), &config(order, drop_path)).unwrap();
            let x = Tensor::randn([3, 4, 6], DOUBLE);
            let padded = run(&block, &vars, &x, mask, &Packing::none());
            let packed = run(&block, &vars, &x, mask, &packing);
            for (padded, packed) in padded.iter().zip(&packed) {
                assert!(packed.allclose(padded, 1e-12, 1e-12, false), "{order:?}, {mask:?}, {drop_path}");
            }
        }
    }
}
