//! Packed batches give the results of padded ones.

use crate::generator::generator;
use clip_lab_nn::*;
use clip_lab_torch_ext::{packed_attention, recompute_stages};
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

/// The configuration of a block that drops attention weights out.
fn dropping() -> BlockConfig {
    let config = config(NormOrder::Post, 0.0);
    BlockConfig { attention: AttentionConfig { dropout: 0.5, ..config.attention }, ..config }
}

#[test]
fn attention_drops_weights_of_a_packed_batch_without_padding_it() {
    let _generator = generator();
    let mut vars = nn::VarStore::new(Device::Cpu);
    vars.set_kind(Kind::Double);
    let init = LinearInit::normal(0.5);
    let attention = Attention::new(&vars.root(), dropping().attention, (init, init)).unwrap();
    let (x, mask) = (Tensor::randn([7, 6], DOUBLE), mask());
    let variables = vars.variables();
    let linear = |x: &Tensor, name: &str| {
        x.linear(&variables[&format!("{name}.weight")], Some(&variables[&format!("{name}.bias")]))
    };
    let offsets = Tensor::from_slice(&[0_i64, 4, 5, 7]);
    for (mask, causal) in [(Mask::Keys(&mask), false), (Mask::Causal, true)] {
        for (train, dropout) in [(true, 0.5), (false, 0.0)] {
            tch::manual_seed(3);
            let got = attention.forward(&x, mask, &Packing::new(&self::mask()).unwrap(), train).unwrap();
            let next = Tensor::rand([1], DOUBLE);
            tch::manual_seed(3);
            let mixed = packed_attention(&linear(&x, "qkv"), &offsets, 2, causal, dropout).unwrap();
            assert_eq!((got, next), (linear(&mixed, "out"), Tensor::rand([1], DOUBLE)), "{mask:?}, {train}");
        }
    }
}

#[test]
fn recomputation_drops_the_same_weights() {
    let _generator = generator();
    let mut vars = nn::VarStore::new(Device::Cpu);
    vars.set_kind(Kind::Double);
    let block = Block::new(&vars.root(), &dropping()).unwrap();
    let (x, mask, packing) = (Tensor::randn([3, 4, 6], DOUBLE), mask(), Packing::new(&mask()).unwrap());
    let pass = || run(&block, &vars, &x, Mask::Keys(&mask), &packing);
    assert_eq!(pass(), recompute_stages(pass));
}
