//! Every experiment plans without problems, and the JSON schema is up to date.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use clip_lab::{
    builtin,
    plan::{plan, plan_model, schema},
    spec::{Spec, Study, study::is_study},
};

fn experiments() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let mut specs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    specs.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    specs.sort();
    specs
}

/// Whether the weights of a spec are cached. Without them the spec is skipped with a note, except on CI.
fn cached(text: &str) -> bool {
    let names = ["resnet50-keras", "minilm-l6"];
    let cache = clip_lab_checkpoint::cache_dir().join("weights");
    let exist = names.iter().all(|name| !text.contains(name) || cache.join(name).is_dir());
    assert!(exist || env::var_os("CI").is_none(), "the weights are not in {}", cache.display());
    exist
}

#[test]
fn every_experiment_plans_without_problems() {
    let specs = experiments();
    assert!(!specs.is_empty());
    for path in specs {
        let text = fs::read_to_string(&path).unwrap();
        let study = is_study(&text);
        let schema = if study { "#:schema ./study.schema.json\n" } else { "#:schema ./schema.json\n" };
        assert!(text.starts_with(schema), "{} has no schema line", path.display());
        // The root of a user's data set is set on the command line.
        let sets: &[String] = if text.contains("--set data.train.root=") {
            &["data.train.root=/photographs".into()]
        } else {
            &[]
        };
        for spec in if study { arms(&path, sets) } else { vec![Spec::read(&path, sets).unwrap()] } {
            if !cached(&spec.source.text) {
                eprintln!("SKIPPED {}: its weights are not in the cache", spec.source.file);
                continue;
            }
            let plan = plan(spec, &builtin::catalog()).unwrap_or_else(|report| panic!("{report}"));
            assert!(!plan.config.is_empty());
        }
    }
}

/// The spec of every arm of a study.
fn arms(path: &Path, sets: &[String]) -> Vec<Spec> {
    let study = Study::read(path).unwrap_or_else(|report| panic!("{report}"));
    study.arms.iter().map(|arm| study.spec(arm, study.seeds[0], sets).unwrap()).collect()
}

#[test]
fn the_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/schema.json");
    let text = schema::text(&builtin::catalog());
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == written, "experiments/schema.json is outdated: cargo xtask docs");
}

#[test]
fn every_reference_of_the_schema_resolves() {
    let schema = schema::schema(&builtin::catalog());
    let mut targets = Vec::new();
    references(&schema, &mut targets);
    assert!(!targets.is_empty());
    for target in targets {
        assert!(schema.pointer(target.trim_start_matches('#')).is_some(), "{target} does not resolve");
    }
}

fn references(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            into.extend(object.get("$ref").and_then(|target| target.as_str()).map(str::to_owned));
            object.values().for_each(|value| references(value, into));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

const SPEC: &str = include_str!("../../experiments/clip_scratch.toml");

#[test]
fn every_setting_has_its_origin() {
    let sets = ["run.seed=7".to_owned(), "optimizer.eps=1e-7".to_owned()];
    let spec = Spec::parse("a.toml", SPEC, &sets).unwrap();
    let plan = plan(spec, &builtin::catalog()).unwrap_or_else(|report| panic!("{report}"));
    let origin = |key: &str| {
        let setting = plan.config.iter().find(|setting| setting.key == key);
        setting.map(|setting| setting.origin.as_str())
    };
    let line = SPEC.lines().position(|line| line.starts_with("[optimizer]")).unwrap() + 2;
    assert_eq!(origin("run.seed"), Some("override"));
    assert_eq!(origin("optimizer.eps"), Some("override"));
    assert_eq!(origin("optimizer.plugin"), Some(format!("a.toml:{line}").as_str()));
    assert_eq!(origin("run.device"), Some("default"));
    assert_eq!(origin("data.val.plugin").map(|origin| origin.starts_with("a.toml:")), Some(true));
    assert_eq!(plan.run.seed, 7);
    assert!(plan.source.text.contains("eps = 1e-7"));
}

#[test]
fn val_and_test_inherit_missing_keys() {
    let sets = ["data.train.shortcodes=false".to_owned()];
    let plan = plan(Spec::parse("a.toml", SPEC, &sets).unwrap(), &builtin::catalog()).unwrap();
    let val = plan.data.val.expect("clip_scratch has a val split");
    assert_eq!((val.name, &val.settings["shortcodes"]), ("emoji", &false.into()));
    assert_eq!(val.settings["split"], "val");
}

#[test]
fn a_model_plan_may_have_one_side() {
    let text = "[model.image]\nplugin = \"vit\"\nimage_size = 32\npatch_size = 8\nwidth = 64\ndepth = 1\nheads = 2\n";
    let spec = Spec::parse("folder", text, &[]).unwrap();
    let model = plan_model(spec, &builtin::catalog()).unwrap_or_else(|report| panic!("{report}"));
    let image = model.image.expect("an image side");
    assert!(model.text.is_none());
    assert_eq!((image.preprocess.size, image.head.dim, image.head.projection.name), (32, 64, "identity"));
    let nothing = Spec::parse("folder", "", &[]).unwrap();
    let report = plan_model(nothing, &builtin::catalog()).expect_err("no tower");
    assert!(report.to_string().contains("the spec has no tower"), "{report}");
}
