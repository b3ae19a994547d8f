//! Every text encoder satisfies the contract with all of its settings.

use clip_lab_nn::Activation;
use clip_lab_plugin_api::{conformance, prelude::*};
use plugins_text::*;

pub fn bert() -> Bert {
    let small =
        Bert { vocab: 40, context: 12, width: 12, depth: 2, heads: 3, mlp_dim: 20, ..Bert::default() };
    Bert { norm_eps: 1e-6, ..small }
}

pub fn clip() -> ClipTransformer {
    ClipTransformer { vocab: 40, context: 12, width: 12, depth: 2, heads: 3, ..ClipTransformer::default() }
}

fn problems<S: Settings>(settings: &S) -> Vec<String> {
    let mut problems = Problems::default();
    settings.check(&mut problems);
    problems.found().iter().map(|(key, _)| key.clone()).collect()
}

/// Builds it, checks it and returns its layers.
fn conforms<S: Plugin<dyn TextEncoder> + std::fmt::Debug>(settings: &S) -> Vec<String> {
    assert_eq!(problems(settings), [""; 0]);
    let vars = nn::VarStore::new(Device::Cpu);
    let encoder = settings.build(vars.root()).unwrap();
    let checked = conformance::text_encoder(&*encoder, &vars, &settings.properties());
    checked.unwrap_or_else(|error| panic!("{settings:?}: {error:?}"));
    encoder.layers()
}

/// One text without padding.
fn text(ids: &[i64]) -> Tokens {
    let ids = Tensor::from_slice(ids).unsqueeze(0);
    Tokens { mask: ids.ones_like().to_kind(DType::Bool), ids }
}

#[test]
fn bert_satisfies_the_contract_in_every_shape() {
    let layers = ["embeddings", "blocks.0", "blocks.1"];
    let distil = Bert { token_types: 0, dropout: 0.0, attention_dropout: 0.0, ..bert() };
    for settings in [bert(), Bert { pool: BertPool::Mean, ..bert() }, distil] {
        assert_eq!(conforms(&settings), layers);
    }
    let pooler = Bert { pool: BertPool::Pooler, activation: Activation::GeluTanh, ..bert() };
    assert_eq!(conforms(&pooler), [layers.as_slice(), &["head"]].concat());
}

#[test]
fn clip_transformer_satisfies_the_contract_in_every_shape() {
    let shapes = [
        clip(),
        ClipTransformer { pool: TextPool::Eos, eos_id: 39, activation: Activation::Gelu, ..clip() },
        ClipTransformer { pool: TextPool::Last, causal: false, dropout: 0.1, ..clip() },
    ];
    for settings in &shapes {
        assert_eq!(conforms(settings), ["embeddings", "blocks.0", "blocks.1", "head"]);
    }
}

#[test]
fn clip_transformer_pools_the_configured_token() {
    // All encoders share the weights of one: a seed is not enough, since other tests use the same generator.
    let weights = nn::VarStore::new(Device::Cpu);
    let _one = clip().build(weights.root()).unwrap();
    let picked = |pool, ids: &[i64]| {
        let mut vars = nn::VarStore::new(Device::Cpu);
        let encoder = ClipTransformer { pool, eos_id: 7, ..clip() }.build(vars.root()).unwrap();
        vars.copy(&weights).unwrap();
        encoder.encode(&text(ids), Mode::Eval).unwrap()
    };
    // Attention is causal: a text truncated after the pooled token has the same feature.
    let cut = |pool, ids: &[i64], length: usize| {
        assert!(picked(pool, ids).allclose(&picked(pool, &ids[..length]), 1e-4, 1e-5, false));
        assert!(!picked(pool, ids).allclose(&picked(TextPool::Last, ids), 1e-4, 1e-5, false));
    };
    cut(TextPool::Argmax, &[1, 39, 2, 39, 3], 2);
    cut(TextPool::Eos, &[1, 39, 7, 39, 7, 3], 3);
    let without = [1, 39, 2, 3];
    assert_eq!(picked(TextPool::Eos, &without), picked(TextPool::Last, &without));
}

#[test]
fn invalid_tokens_are_an_error_with_the_reason() {
    let vars = nn::VarStore::new(Device::Cpu);
    let (bert, clip) = (bert().build(&vars.root() / "b").unwrap(), clip().build(&vars.root() / "c").unwrap());
    for encoder in [bert, clip] {
        let error = |tokens: &Tokens| encoder.encode(tokens, Mode::Eval).unwrap_err().to_string();
        assert!(error(&text(&[1; 13])).contains("from 1 to 12 tokens, got 13"));
        assert!(error(&text(&[])).contains("tokens, got 0"));
        assert!(error(&text(&[1, 40])).contains("the vocabulary has 40"));
        let uneven = Tokens { mask: text(&[1]).mask, ..text(&[1, 2]) };
        assert!(error(&uneven).contains("shapes must be equal"));
    }
}

#[test]
fn impossible_settings_name_their_keys() {
    let wild = Bert { vocab: 0, width: i64::MAX, heads: 0, mlp_dim: -1, token_types: -1, ..bert() };
    assert_eq!(problems(&wild), ["vocab", "width", "mlp_dim", "heads", "token_types"]);
    let wild = ClipTransformer { mlp_ratio: f64::INFINITY, pool: TextPool::Eos, dropout: -0.1, ..clip() };
    assert_eq!(problems(&wild), ["mlp_ratio", "dropout", "eos_id"]);
}

#[test]
fn the_defaults_are_the_documented_models() {
    let count = |build: &dyn Fn(nn::Path<'_>) -> Result<Box<dyn TextEncoder>>| -> usize {
        let vars = nn::VarStore::new(Device::Cpu);
        build(vars.root()).unwrap();
        vars.trainable_variables().iter().map(Tensor::numel).sum()
    };
    assert_eq!(count(&|vars| Bert { pool: BertPool::Pooler, ..Bert::default() }.build(vars)), 109_482_240);
    assert_eq!(count(&|vars| Bert { token_types: 0, depth: 6, ..Bert::default() }.build(vars)), 66_362_880);
    assert_eq!(count(&|vars| ClipTransformer::default().build(vars)), 63_165_952);
}

#[test]
fn the_encoders_are_registered() {
    let mut catalog = Catalog::default();
    register(&mut catalog);
    assert_eq!(catalog.text.names(), ["bert", "clip_transformer", "torchscript"]);
}
