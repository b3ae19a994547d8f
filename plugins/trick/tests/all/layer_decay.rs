//! Layer-wise learning rates, by the rules of three libraries.

use crate::support::{model, plan, trick};
use clip_lab_plugin_api::Params;

/// A CLIP vision transformer with a projection and a classifier, and a logit scale.
fn vit(depth: usize) -> Params {
    let blocks: Vec<String> = (0..depth).map(|i| format!("image.blocks.{i}")).collect();
    let mut layers = vec!["image.embeddings"];
    layers.extend(blocks.iter().map(String::as_str));
    layers.push("image.head");
    let mut names: Vec<String> = blocks.iter().map(|block| format!("{block}.mlp.weight")).collect();
    names.extend(
        [
            "image.embeddings.cls",
            "image.embeddings.norm.weight",
            "image.head.norm.weight",
            "image.head.pool.weight",
        ]
        .map(str::to_owned),
    );
    names.extend(["image_projection.weight", "classifier.weight", "loss.logit_scale"].map(str::to_owned));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    model(&names, &layers).1
}

/// A ResNet with these stages and a classifier; `head` for attention pooling.
fn resnet(stages: &[usize], head: bool) -> Params {
    let blocks = stages.iter().enumerate();
    let blocks: Vec<String> =
        blocks.flat_map(|(s, &n)| (0..n).map(move |b| format!("image.stages.{s}.{b}"))).collect();
    let mut layers = vec!["image.stem".to_owned()];
    layers.extend(blocks);
    layers.extend(head.then(|| "image.head".to_owned()));
    let mut names: Vec<String> = layers.iter().map(|layer| format!("{layer}.weight")).collect();
    names.extend((!head).then(|| "classifier.weight".to_owned()));
    let both = |list: &[String]| list.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    let (names, layers) = (both(&names), both(&layers));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let layers: Vec<&str> = layers.iter().map(String::as_str).collect();
    model(&names, &layers).1
}

fn decayed(mut params: Params, text: &str) -> Params {
    trick(&format!("plugin = 'layer_decay'\n{text}")).prepare(&mut params).unwrap();
    params
}

fn scale(params: &Params, name: &str) -> f64 {
    params.iter().find(|param| param.name == name).unwrap().lr_scale
}

/// The distinct factors in ascending order.
fn scales(params: &Params) -> Vec<f64> {
    let mut scales: Vec<f64> = params.iter().map(|param| param.lr_scale).collect();
    scales.sort_by(f64::total_cmp);
    scales.dedup();
    scales
}

#[test]
fn a_vit_of_twelve_blocks_has_the_factors_of_beit() {
    let golden = [
        0.00369721, 0.00568801, 0.00875078, 0.0134627, 0.0207119, 0.0318645, 0.0490223, 0.0754189, 0.116029,
        0.178506, 0.274625, 0.4225, 0.65, 1.0,
    ];
    let params = decayed(vit(12), "decay = 0.65");
    let got = scales(&params);
    assert_eq!(got.len(), 14);
    for (got, want) in got.iter().zip(golden) {
        assert!((got - want).abs() < 1e-5 * want, "{got}, BEiT has {want}");
    }
    let bottom = scales(&decayed(vit(12), "decay = 0.6"))[0];
    assert!((bottom - 0.00130607).abs() < 1e-8, "{bottom}, FT-CLIP's log has 0.00130607");
}

#[test]
fn a_resnet_50_has_eighteen_groups_in_timm() {
    let got = scales(&decayed(resnet(&[3, 4, 6, 3], false), "decay = 0.75\nrule = 'timm'"));
    assert_eq!(got.len(), 18);
    assert!((got[0] - 0.007517).abs() < 1e-6, "{}", got[0]);
}

#[test]
fn open_clip_takes_the_stages_of_a_resnet() {
    let params = decayed(resnet(&[3, 4, 6, 3], true), "decay = 0.5\nrule = 'open_clip'");
    assert_eq!(scales(&params), [1.0 / 32.0, 1.0 / 16.0, 0.125, 0.25, 0.5, 1.0]);
    assert_eq!(scale(&params, "image.stages.1.0.weight"), scale(&params, "image.stages.1.3.weight"));
    assert_eq!(scale(&params, "image.head.weight"), 1.0);
}

#[test]
fn the_rules_differ_in_the_norms_around_the_blocks() {
    let names = [
        "image.embeddings.cls",
        "image.embeddings.norm.weight",
        "image.blocks.0.mlp.weight",
        "image.blocks.1.mlp.weight",
        "image.head.norm.weight",
        "image.head.pool.weight",
        "image_projection.weight",
        "classifier.weight",
        "loss.logit_scale",
    ];
    for (rule, want) in [
        ("beit", [0.125, 0.125, 0.25, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("timm", [0.125, 0.5, 0.25, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0]),
        ("open_clip", [0.0625, 0.0625, 0.125, 0.25, 0.25, 0.5, 1.0, 1.0, 1.0]),
    ] {
        let params = decayed(vit(2), &format!("decay = 0.5\nrule = '{rule}'"));
        assert_eq!(names.map(|name| scale(&params, name)), want, "{rule}");
    }
}

#[test]
fn a_group_without_parameters_is_not_counted() {
    let names = ["image.stem.weight", "image.stages.0.0.weight"];
    let (_vars, params) = model(&names, &["image.stem", "image.stages.0.0"]);
    assert_eq!(scales(&decayed(params, "decay = 0.5")), [0.5, 1.0]);
}

#[test]
fn factors_of_several_tricks_multiply_and_are_reported_by_layer() {
    let mut params = decayed(vit(1), "decay = 0.5");
    trick("plugin = 'lr_scale'\nparams = ['image']\nscale = 0.1").prepare(&mut params).unwrap();
    assert_eq!(
        params.lr_scales(),
        [
            ("image.embeddings", 0.25 * 0.1),
            ("image.blocks.0", 0.5 * 0.1),
            ("image.head", 0.1),
            ("classifier", 1.0),
            ("image_projection", 1.0),
            ("loss", 1.0),
        ]
    );
    assert!(vit(1).lr_scales().is_empty(), "all factors are 1");
}

#[test]
fn an_unknown_tower_is_reported() {
    let error = trick("plugin = 'layer_decay'\ntowers = ['text']").prepare(&mut vit(1)).unwrap_err();
    assert!(error.to_string().contains("no tower called `text`"), "{error}");
}

#[test]
fn invalid_settings_are_reported() {
    for (text, message) in [
        ("plugin = 'layer_decay'\ndecay = 0.0", "[t].decay: must be above 0 and at most 1"),
        ("plugin = 'layer_decay'\ntowers = []", "[t].towers: must name \"image\", \"text\" or both"),
        (
            "plugin = 'lr_scale'\nscale = 0.0",
            "[t].scale: must be positive; to lock parameters use the `freeze` trick",
        ),
        ("plugin = 'lr_scale'\nparams = []", "[t].params: must name at least one prefix"),
        (
            "plugin = 'freeze'\nuntil = 0",
            "[t].until: must be at least 1; leave it out to lock for the whole run",
        ),
    ] {
        assert_eq!(plan(text).unwrap_err(), message);
    }
}
