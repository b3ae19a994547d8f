//! Tricks read from a spec's table, applied to a small model.

use clip_lab_plugin_api::{Catalog, Params, Planned, Report, Section, Trick, parse};
use tch::{Device, Kind, Tensor, nn};

fn plan(text: &str) -> Planned<dyn Trick> {
    let mut catalog = Catalog::default();
    plugins_trick::register(&mut catalog);
    let section = Section::new("trick.0", 0..0, parse(text.to_owned()).unwrap());
    catalog.trick.plan(section).unwrap()
}

fn trick(text: &str) -> Box<dyn Trick> {
    plan(text).build(()).unwrap()
}

fn model() -> Params {
    let vars = nn::VarStore::new(Device::Cpu);
    let root = vars.root();
    for (tower, layer) in [("image", "stem"), ("image", "head"), ("text", "stem")] {
        let _ = (&root / tower / layer).ones("weight", &[2, 2]);
    }
    let _ = root.sub("image_projection").ones("weight", &[2, 2]);
    Params::new(&vars, Vec::new())
}

fn frozen(params: &Params) -> Vec<&str> {
    params.iter().filter(|param| param.frozen).map(|param| param.name.as_str()).collect()
}

/// Sets all gradients to `value`.
fn backward(params: &Params, value: f64) {
    for param in params.iter() {
        param.tensor.shallow_clone().zero_grad();
        if param.tensor.requires_grad() {
            (&param.tensor * value).sum(Kind::Float).backward();
        }
    }
}

#[test]
fn freeze_locks_a_tower_and_nothing_else() {
    let mut params = model();
    trick("plugin = 'freeze'").prepare(&mut params).unwrap();
    assert_eq!(frozen(&params), ["image.head.weight", "image.stem.weight"]);
    for param in params.iter() {
        assert_eq!(param.tensor.requires_grad(), !param.frozen, "{}", param.name);
    }
    assert!(params.is_frozen("image") && !params.is_frozen("image_projection"));
}

#[test]
fn freeze_locks_single_layers() {
    let mut params = model();
    trick("plugin = 'freeze'\nparams = ['image.stem', 'text.stem.weight']").prepare(&mut params).unwrap();
    assert_eq!(frozen(&params), ["image.stem.weight", "text.stem.weight"]);
}

#[test]
fn freeze_lists_what_it_locks_before_anything_is_built() {
    assert_eq!(plan("plugin = 'freeze'\nparams = ['text']").properties.frozen, ["text"]);
    assert!(plan("plugin = 'clip_grad'").properties.frozen.is_empty());
}

#[test]
fn an_unknown_prefix_is_reported_with_the_nearest() {
    let error = |prefix| {
        let text = format!("plugin = 'freeze'\nparams = ['{prefix}']");
        trick(&text).prepare(&mut model()).unwrap_err().to_string()
    };
    assert_eq!(error("imag"), "no parameter begins with `imag`; did you mean `image`?");
    assert_eq!(error("image.stam"), "no parameter begins with `image.stam`; did you mean `image.stem`?");
    assert_eq!(
        error("tokenizer"),
        "no parameter begins with `tokenizer`; names begin with image, image_projection, text"
    );
}

#[test]
fn clip_grad_clips_large_gradients() {
    let params = model();
    backward(&params, 3.0);
    let mut report = Report::default();
    trick("plugin = 'clip_grad'\nmax_norm = 2.0").before_update(&params, 0, &mut report).unwrap();
    // 16 values of 3: the norm is 12.
    let (name, norm) = &report.0[0];
    assert_eq!((name.as_str(), norm.double_value(&[])), ("grad_norm", 12.0));
    for param in params.iter() {
        let value = param.tensor.grad().double_value(&[0, 0]);
        assert!((value - 3.0 * 2.0 / (12.0 + 1e-6)).abs() < 1e-6, "{value}");
    }
}

#[test]
fn clip_grad_leaves_small_gradients_unchanged() {
    let params = model();
    backward(&params, 0.1);
    trick("plugin = 'clip_grad'").before_update(&params, 0, &mut Report::default()).unwrap();
    let expected = Tensor::full([2, 2], 0.1, (Kind::Float, Device::Cpu));
    assert!(params.iter().all(|param| param.tensor.grad() == expected));
}

#[test]
fn clip_grad_counts_only_what_is_trained() {
    let mut params = model();
    let mut report = Report::default();
    let mut clip = trick("plugin = 'clip_grad'\nmax_norm = 100.0");
    clip.before_update(&params, 0, &mut report).unwrap();
    assert!(report.0.is_empty(), "no gradient, no norm");
    trick("plugin = 'freeze'\nparams = ['image', 'image_projection']").prepare(&mut params).unwrap();
    backward(&params, 3.0);
    clip.before_update(&params, 0, &mut report).unwrap();
    assert_eq!(report.0[0].1.double_value(&[]), 6.0);
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_trick::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'clip_grad'\nmax_norm = 0.0", "[t].max_norm: must be positive"),
        ("plugin = 'freeze'\nparams = []", "[t].params: must name at least one prefix"),
    ] {
        let section = Section::new("t", 0..0, parse(text.to_owned()).unwrap());
        assert_eq!(catalog.trick.plan(section).unwrap_err()[0].message, message);
    }
}
