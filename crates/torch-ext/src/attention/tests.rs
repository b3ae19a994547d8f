use tch::{Device, Kind};

use super::*;
use crate::{count_flops, generator::generator};

const HEADS: i64 = 2;
const LENGTHS: [i64; 4] = [5, 1, 0, 33];
const DOUBLE: (Kind, Device) = (Kind::Double, Device::Cpu);

fn offsets() -> Tensor {
    Tensor::from_slice(&[0_i64, 5, 6, 6, 39])
}

/// `[39, 3 * 2 * 10]`: no size is a multiple of the kernel's blocks.
fn tokens(kind: Kind) -> Tensor {
    tch::manual_seed(1);
    Tensor::randn([39, 60], (Kind::Float, Device::Cpu)).to_kind(kind).set_requires_grad(true)
}

fn attend(qkv: &Tensor, causal: bool, dropout: f64) -> Tensor {
    packed_attention(qkv, &offsets(), HEADS, causal, dropout).unwrap()
}

/// The factors of dropout, text by text: `[H, L, L]`, in the kernel's order.
fn factors(dropout: f64) -> Vec<Tensor> {
    let counts = LENGTHS.map(|length| HEADS * length * length);
    let mut kept = Tensor::empty([counts.iter().sum::<i64>()], (Kind::Bool, Device::Cpu));
    let _ = kept.f_bernoulli_float_(1.0 - dropout).unwrap();
    let factors = kept.to_kind(Kind::Double) / (1.0 - dropout);
    let texts = factors.split_with_sizes(counts, 0).into_iter().zip(LENGTHS);
    texts.map(|(text, length)| text.view([HEADS, length, length])).collect()
}

/// The formula, text by text, with libtorch's operations.
fn reference(qkv: &Tensor, causal: bool, dropout: f64) -> Tensor {
    let factors = if dropout > 0.0 { factors(dropout) } else { vec![] };
    let attend = |(index, text): (usize, Tensor)| {
        let heads = text.view([-1, 3, HEADS, 10]).permute([1, 2, 0, 3]); // [3, H, L, D]
        let mut scores = heads.get(0).matmul(&heads.get(1).transpose(1, 2)) / 10_f64.sqrt(); // [H, L, L]
        if causal {
            let later = scores.ones_like().triu(1).to_kind(Kind::Bool);
            scores = scores.masked_fill(&later, f64::NEG_INFINITY);
        }
        let weights = scores.softmax(-1, None::<Kind>);
        let weights =
            factors.get(index).map_or_else(|| weights.shallow_clone(), |factors| &weights * factors);
        weights.matmul(&heads.get(2)).transpose(0, 1).flatten(1, 2)
    };
    let texts = qkv.split_with_sizes(LENGTHS, 0).into_iter().enumerate();
    Tensor::cat(&texts.filter(|(_, text)| text.size()[0] > 0).map(attend).collect::<Vec<_>>(), 0)
}

/// A weighted sum of the output.
fn weighted(output: &Tensor) -> Tensor {
    let weights = (Tensor::arange(39 * 20, DOUBLE) * 0.7).sin().view_as(output);
    (output.to_kind(Kind::Double) * weights).sum(Kind::Double)
}

/// The output, and the gradient of its weighted sum; draws from seed 2.
fn run(qkv: &Tensor, f: impl Fn(&Tensor) -> Tensor) -> [Tensor; 2] {
    let qkv = qkv.detach().set_requires_grad(true);
    tch::manual_seed(2);
    let output = f(&qkv);
    weighted(&output).backward();
    [output.detach(), qkv.grad()].map(|x| x.to_kind(Kind::Double))
}

fn largest(x: Tensor) -> f64 {
    x.abs().max().double_value(&[])
}

#[test]
fn values_and_gradients_are_those_of_the_formula_for_each_text() {
    let _generator = generator();
    for (kind, tolerance) in [(Kind::Double, 1e-13), (Kind::Float, 5e-6), (Kind::BFloat16, 0.03)] {
        for (causal, dropout) in [(false, 0.0), (true, 0.0), (false, 0.3), (true, 0.3)] {
            let qkv = tokens(kind);
            let expected = run(&qkv, |x| reference(&x.to_kind(Kind::Double), causal, dropout).to_kind(kind));
            let got = run(&qkv, |x| attend(x, causal, dropout));
            for (got, expected) in got.iter().zip(&expected) {
                let error = largest(got - expected);
                assert!(error < tolerance, "{kind:?}, causal: {causal}, dropout: {dropout}: {error}");
            }
        }
    }
}

#[test]
fn gradients_with_dropout_are_finite_differences() {
    let _generator = generator();
    let qkv = tokens(Kind::Double).detach();
    let [_, gradient] = run(&qkv, |x| attend(x, true, 0.5));
    let value = |qkv: &Tensor| {
        tch::manual_seed(2);
        weighted(&attend(qkv, true, 0.5)).double_value(&[])
    };
    for direction in 0..5 {
        tch::manual_seed(10 + direction);
        let step = Tensor::randn([39, 60], DOUBLE) * 1e-5;
        let slope = (&gradient * &step).sum(Kind::Double).double_value(&[]);
        let difference = (value(&(&qkv + &step)) - value(&(&qkv - &step))) / 2.0;
        assert!((slope - difference).abs() < 1e-11, "{slope:e} and {difference:e}");
    }
}

#[test]
fn dropout_that_drops_nothing_changes_no_bit() {
    let _generator = generator();
    for kind in [Kind::Double, Kind::Float, Kind::BFloat16] {
        let qkv = tokens(kind);
        assert_eq!(run(&qkv, |x| attend(x, true, 0.0)), run(&qkv, |x| attend(x, true, 1e-300)), "{kind:?}");
    }
}

#[test]
fn weights_are_dropped_by_the_seed_and_nothing_is_drawn_without_dropout() {
    let _generator = generator();
    let qkv = tokens(Kind::Double);
    let draw = |seed, dropout| {
        tch::manual_seed(seed);
        (attend(&qkv, false, dropout), Tensor::rand([1], DOUBLE))
    };
    assert_eq!(draw(1, 0.5), draw(1, 0.5));
    assert_ne!(draw(1, 0.5).0, draw(2, 0.5).0);
    let (_, next) = draw(1, 0.0);
    tch::manual_seed(1);
    assert_eq!(next, Tensor::rand([1], DOUBLE));
}

#[test]
fn the_mean_over_seeds_is_that_without_dropout() {
    let _generator = generator();
    let qkv = tokens(Kind::Double).detach();
    let seeds = 1000;
    let mut sum = Tensor::zeros([39, 20], DOUBLE);
    for seed in 0..seeds {
        tch::manual_seed(seed);
        sum += attend(&qkv, false, 0.3);
    }
    let expected = attend(&qkv, false, 0.0);
    // The text of one token varies most, by 0.65 of its values: five standard deviations of the mean.
    let bound = 5.0 * 0.66 / (seeds as f64).sqrt() * largest(expected.shallow_clone());
    assert!(largest(sum / seeds as f64 - expected) < bound, "{bound}");
}

#[test]
fn its_operations_are_counted_forward_and_backward() {
    let _generator = generator();
    let qkv = tokens(Kind::Float);
    for dropout in [0.0, 0.5] {
        let (_, flops) = count_flops(|| attend(&qkv, false, dropout).sum(Kind::Float).backward()).unwrap();
        let pairs: i64 = LENGTHS.iter().map(|length| length * length).sum();
        assert_eq!(flops, 3 * 4 * 20 * pairs.unsigned_abs());
    }
}

#[test]
fn arguments_that_do_not_fit_are_errors() {
    let _generator = generator();
    let qkv = tokens(Kind::Float);
    assert!(packed_attention(&qkv, &offsets(), 7, false, 0.0).is_err());
    assert!(packed_attention(&qkv.view([-1]), &offsets(), HEADS, false, 0.0).is_err());
    for offsets in [&[0_i64, 40][..], &[0, 20, 10, 39], &[1, 39], &[]] {
        let error = packed_attention(&qkv, &Tensor::from_slice(offsets), HEADS, false, 0.0).unwrap_err();
        assert!(error.to_string().contains("offsets must"), "{error}");
    }
    for dropout in [-0.1, 1.0, f64::NAN] {
        let error = packed_attention(&qkv, &offsets(), HEADS, false, dropout).unwrap_err();
        assert!(error.to_string().contains("at least 0 and below 1"), "{error}");
    }
}
