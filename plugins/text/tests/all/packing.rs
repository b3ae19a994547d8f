//! A batch of texts of mixed lengths gives the loss and the gradients of the texts one by one, which have no padding.

use crate::conformance::{bert, clip};
use clip_lab_plugin_api::prelude::*;
use plugins_text::*;

const LENGTHS: [i64; 5] = [12, 1, 5, 2, 9];

/// The texts, padded to `[5, 12]`; the last token of each has the highest id.
fn batch() -> Tokens {
    let length = Tensor::from_slice(&LENGTHS).unsqueeze(1); // [B, 1]
    let place = Tensor::arange(12, (DType::Int64, Device::Cpu)).unsqueeze(0); // [1, L]
    let ids = (&place * 7 + &length * 5).remainder(39);
    let last = place.eq_tensor(&(&length - 1));
    let mask = place.lt_tensor(&length);
    Tokens { ids: ids.masked_fill(&last, 39) * &mask, mask }
}

/// The features of the batch, `[B, W]`.
fn together(encoder: &dyn TextEncoder) -> Tensor {
    encoder.encode(&batch(), Mode::Train).unwrap()
}

/// The same, text by text.
fn alone(encoder: &dyn TextEncoder) -> Tensor {
    let Tokens { ids, mask } = batch();
    let features = (0..).zip(LENGTHS).map(|(row, length)| {
        let cut = |x: &Tensor| x.narrow(0, row, 1).narrow(1, 0, length);
        encoder.encode(&Tokens { ids: cut(&ids), mask: cut(&mask) }, Mode::Train).unwrap()
    });
    Tensor::cat(&features.collect::<Vec<_>>(), 0)
}

/// Numbers without a pattern, the same in every run.
fn numbers(shape: &[i64], kind: DType) -> Tensor {
    let count = shape.iter().product::<i64>();
    ((Tensor::arange(count, (DType::Double, Device::Cpu)) * 1.7).sin() * 100.0)
        .sin()
        .view(shape)
        .to_kind(kind)
}

/// The contrastive loss with fixed images, and the gradients by name.
fn pass(features: &Tensor, vars: &nn::VarStore) -> (f64, Vec<(String, Tensor)>) {
    let unit = |x: &Tensor| x / x.norm_scalaropt_dim(2, [1], true);
    let images = unit(&numbers(&features.size(), features.kind()));
    let logits = unit(features).matmul(&images.transpose(0, 1)) * 10.0; // [B, B]
    let pairs = Tensor::arange(logits.size()[0], (DType::Int64, Device::Cpu));
    let loss = (logits.cross_entropy_for_logits(&pairs)
        + logits.transpose(0, 1).cross_entropy_for_logits(&pairs))
        / 2.0;
    loss.backward();
    let take = |(name, mut variable): (String, Tensor)| {
        let gradient = variable.grad().copy();
        variable.zero_grad();
        (name, gradient)
    };
    let mut gradients: Vec<_> = vars.variables().into_iter().map(take).collect();
    gradients.sort_by(|a, b| a.0.cmp(&b.0));
    (loss.double_value(&[]), gradients)
}

fn check<S: Plugin<dyn TextEncoder> + std::fmt::Debug>(settings: &S) {
    for (kind, tolerance) in [(DType::Double, 1e-10), (DType::Float, 1e-5)] {
        let mut vars = nn::VarStore::new(Device::Cpu);
        vars.set_kind(kind);
        let encoder = settings.build(vars.root()).unwrap();
        for mut variable in vars.trainable_variables() {
            variable.set_data(&(numbers(&variable.size(), kind) * 0.3));
        }
        let (expected, one_by_one) = pass(&alone(&*encoder), &vars);
        let (loss, packed) = pass(&together(&*encoder), &vars);
        assert!((loss - expected).abs() < tolerance, "{settings:?}: {loss} and {expected}");
        for ((name, packed), (_, one_by_one)) in packed.iter().zip(&one_by_one) {
            let size = |x: &Tensor| x.to_kind(DType::Double).norm().double_value(&[]);
            let (error, largest) = (size(&(packed - one_by_one)), size(one_by_one));
            assert!(
                largest > 0.0 && error <= tolerance * largest,
                "{settings:?}, {name}: {error} of {largest}"
            );
        }
    }
}

#[test]
fn bert_gives_the_loss_and_gradients_of_each_text_alone() {
    for pool in [BertPool::Cls, BertPool::Mean, BertPool::Pooler] {
        check(&Bert { pool, dropout: 0.0, attention_dropout: 0.0, ..bert() });
    }
}

#[test]
fn clip_transformer_gives_the_loss_and_gradients_of_each_text_alone() {
    for (causal, pool) in [(true, TextPool::Argmax), (false, TextPool::Last)] {
        check(&ClipTransformer { causal, pool, ..clip() });
    }
}
