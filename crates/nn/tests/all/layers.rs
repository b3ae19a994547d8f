//! The layers compared with their formulas.

use crate::generator::generator;
use clip_lab_nn::*;
use tch::{Device, Kind, Tensor, nn};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

fn close(a: &Tensor, b: &Tensor) -> bool {
    a.allclose(b, 1e-5, 1e-6, false)
}

#[test]
fn activations_are_their_formulas() {
    let x = Tensor::linspace(-3.0, 3.0, 31, FLOAT);
    let quick = &x * (&x * 1.702).sigmoid();
    assert!(close(&Activation::QuickGelu.apply(&x).unwrap(), &quick));
    let erf = &x * 0.5 * ((&x / 2f64.sqrt()).erf() + 1.0);
    assert!(close(&Activation::Gelu.apply(&x).unwrap(), &erf));
    let inner = (&x + x.pow_tensor_scalar(3) * 0.044715) * (2.0 / std::f64::consts::PI).sqrt();
    assert!(close(&Activation::GeluTanh.apply(&x).unwrap(), &(&x * 0.5 * (inner.tanh() + 1.0))));
}

#[test]
fn attention_is_its_formula_under_every_mask() {
    let _generator = generator();
    let (q, k, v) =
        (Tensor::randn([2, 5, 6], FLOAT), Tensor::randn([2, 5, 6], FLOAT), Tensor::randn([2, 5, 6], FLOAT));
    let keys =
        Tensor::from_slice(&[true, true, true, false, false, true, true, true, true, false]).view([2, 5]);
    let visible = [
        (Mask::None, Tensor::ones([2, 5, 5], FLOAT)),
        (Mask::Causal, Tensor::ones([2, 5, 5], FLOAT).tril(0)),
        (Mask::Keys(&keys), keys.unsqueeze(1).expand([2, 5, 5], false).to_kind(Kind::Float)),
    ];
    for (mask, visible) in visible {
        let heads = (0..2).map(|head| {
            let part = |x: &Tensor| x.narrow(2, head * 3, 3);
            let score = part(&q).matmul(&part(&k).transpose(1, 2)) / 3f64.sqrt();
            (score + visible.log()).softmax(-1, Kind::Float).matmul(&part(&v))
        });
        let expected = Tensor::cat(&heads.collect::<Vec<_>>(), -1);
        assert!(close(&attend((&q, &k, &v), 2, mask, 0.0).unwrap(), &expected), "{mask:?}");
    }
}

#[test]
fn batch_norm_takes_statistics_only_while_its_weight_is_trained() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let norm = BatchNorm::new(&vars.root(), 2, 1e-5, 1.0).unwrap();
    let mean = vars.root().get("running_mean").unwrap();
    let x = Tensor::from_slice(&[0f32, 10.0, 2.0, 14.0]).view([2, 2, 1, 1]);
    let normal = Tensor::from_slice(&[-1f32, -1.0, 1.0, 1.0]).view([2, 2, 1, 1]);
    assert!(norm.forward(&x, false).unwrap().allclose(&x, 1e-4, 1e-4, false));
    assert!(norm.forward(&x, true).unwrap().allclose(&normal, 1e-4, 1e-4, false));
    assert!(close(&mean, &Tensor::from_slice(&[0.1f32, 1.2])));
    let kept = mean.copy();
    let _ = vars.root().get("weight").unwrap().set_requires_grad(false);
    assert_eq!(norm.forward(&x, true).unwrap(), norm.forward(&x, false).unwrap());
    assert_eq!(mean, kept);
}

#[test]
fn batch_norm_refuses_statistics_of_one_value() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let norm = BatchNorm::new(&vars.root(), 2, 1e-5, 1.0).unwrap();
    let error = norm.forward(&Tensor::zeros([1, 2, 1, 1], FLOAT), true).unwrap_err();
    assert!(error.to_string().contains("larger batches"), "{error}");
}

#[test]
fn a_fixed_norm_is_part_of_its_convolution() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let root = vars.root();
    for groups in [1, 2] {
        for bias in [false, true] {
            let path = &root / format!("{groups}{bias}");
            let config = ConvConfig { groups, bias, ..ConvConfig::same(4, 6, 3, 2) };
            let conv = Conv::new(&(&path / "conv"), config, LinearInit::normal(0.3)).unwrap();
            let norm = BatchNorm::new(&(&path / "norm"), 6, 1e-3, 1.0).unwrap();
            tch::no_grad(|| {
                for mut variable in vars.variables().into_values().filter(|variable| variable.dim() == 1) {
                    let _ = variable.uniform_(0.5, 2.0);
                }
            });
            let x = Tensor::randn([2, 4, 7, 7], FLOAT);
            let two_passes = |train| norm.forward(&conv.forward(&x).unwrap(), train).unwrap();
            let expected = two_passes(false);
            let folded = conv.forward_normed(&x, &norm, false).unwrap();
            assert!(close(&folded, &expected) && folded != expected, "folding rounds differently");
            // Training takes the batch's statistics.
            assert!(close(&conv.forward_normed(&x, &norm, true).unwrap(), &two_passes(true)));
        }
    }
}

#[test]
fn a_wrong_shape_is_an_error() {
    let _generator = generator();
    let vars = nn::VarStore::new(Device::Cpu);
    let init = LinearInit::normal(0.02);
    let linear = Linear::new(&(&vars.root() / "linear"), 3, 4, true, init).unwrap();
    let norm = LayerNorm::new(&(&vars.root() / "norm"), 3, 1e-5).unwrap();
    let conv = Conv::new(&(&vars.root() / "conv"), ConvConfig::same(3, 4, 3, 1), init).unwrap();
    let x = Tensor::zeros([2, 5], FLOAT);
    assert!(linear.forward(&x).is_err() && norm.forward(&x).is_err() && conv.forward(&x).is_err());
    assert!(attend((&x, &x, &x), 1, Mask::None, 0.0).is_err());
}
