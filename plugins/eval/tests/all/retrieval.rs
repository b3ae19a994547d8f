//! Retrieval compared with known values and a stable sort, and with invalid input.

use std::fs;

use crate::support::{self, Model, evaluate, metric};
use clip_lab_plugin_api::{Catalog, Direction, Section, parse};
use plugins_eval::{ranks, retrieve, summary};
use tch::{Device, Kind, Tensor};

/// Two images on the axes, so that a caption's embedding equals its scores.
fn toy() -> Model {
    let scores = [[0.9, 0.2], [0.4, 0.5], [0.3, 0.6], [0.8, 0.7], [0.1, 0.65], [0.85, 0.95f64]];
    let axes = Tensor::eye(2, (Kind::Double, Device::Cpu));
    Model::of(axes, Tensor::from_slice2(&scores), &[0, 0, 0, 1, 1, 1])
}

fn random(rows: i64, seed: i64) -> Tensor {
    support::random(rows, 6, seed)
}

#[test]
fn the_toy_gives_the_known_values() {
    let found = evaluate("plugin = 'retrieval'\nk = [1, 2, 3]", &toy()).unwrap();
    for (name, want) in [
        ("t2i/hit@1", 0.5),
        ("t2i/hit@2", 1.0),
        ("i2t/hit@1", 1.0),
        ("i2t/recall@1", 1.0 / 3.0),
        ("i2t/recall@2", 0.5),
        ("i2t/recall@3", 2.0 / 3.0),
        ("t2i/median_rank", 1.5),
        ("t2i/mean_rank", 1.5),
        ("t2i/mrr", 0.75),
        ("i2t/median_rank", 1.0),
    ] {
        let got = metric(&found, &format!("retrieval/{name}"));
        assert!((got - want).abs() < 1e-12, "{name}: {got}, expected {want}");
    }
}

#[test]
fn ranks_are_kept_in_the_order_of_the_data() {
    let found = evaluate("plugin = 'retrieval'", &toy()).unwrap();
    assert_eq!(found.ranks[0].direction, Direction::TextToImage);
    assert_eq!(found.ranks[0].ranks, [0, 1, 1, 1, 0, 0]);
    assert_eq!(found.ranks[1].direction, Direction::ImageToText);
    assert_eq!(found.ranks[1].ranks, [0, 0]);
}

#[test]
fn metrics_are_those_of_the_reference() {
    let root = clip_lab_testing::golden("retrieval");
    let tensors = Tensor::read_safetensors(root.join("io.safetensors")).unwrap();
    let tensor = |name: &str| &tensors.iter().find(|(other, _)| other == name).unwrap().1;
    let text = fs::read_to_string(root.join("expected.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 15);
    for rows in [1, 7, 512] {
        let found = retrieve(tensor("image_embeds"), tensor("text_embeds"), tensor("owner"), rows).unwrap();
        let found = found.evaluation(&[1, 5, 10]).unwrap();
        for (name, want) in &expected {
            let (got, want) = (metric(&found, &format!("retrieval/{name}")), want.as_f64().unwrap());
            assert!((got - want).abs() < 1e-6, "{name}: {got}, expected {want}");
        }
        assert_eq!(found.metrics.len(), expected.len());
    }
}

#[test]
fn ranks_are_those_of_a_stable_sort() {
    // Few distinct embeddings, so that many scores tie.
    let (queries, answers) = (random(40, 1).round(), random(30, 2).round());
    let right: Vec<i64> = (0..40).map(|query| (query * 7) % 30).collect();
    let scores = queries.matmul(&answers.tr());
    let (_, order) = scores.sort_stable(true, 1, true);
    let place = |(query, answer): (usize, &i64)| {
        let order = Vec::<i64>::try_from(order.get(query as i64)).unwrap();
        order.iter().position(|other| other == answer).unwrap() as u32
    };
    let want: Vec<u32> = right.iter().enumerate().map(place).collect();
    for rows in [1, 3, 40, 1000] {
        assert_eq!(ranks(&queries, &answers, &Tensor::from_slice(&right), rows).unwrap(), want);
    }
}

#[test]
fn a_collapsed_model_scores_at_chance() {
    let same = |rows: i64| Tensor::ones([rows, 4], (Kind::Float, Device::Cpu));
    let owner: Vec<i64> = (0..10).collect();
    let found = evaluate("plugin = 'retrieval'", &Model::of(same(10), same(10), &owner)).unwrap();
    assert!((metric(&found, "retrieval/t2i/hit@1") - 0.1).abs() < 1e-12);
    assert!((metric(&found, "retrieval/i2t/hit@5") - 0.5).abs() < 1e-12);
}

#[test]
fn with_one_caption_per_image_recall_is_not_reported() {
    let found =
        evaluate("plugin = 'retrieval'", &Model::of(random(4, 1), random(4, 2), &[0, 1, 2, 3])).unwrap();
    assert!(found.metrics.iter().all(|(name, _)| !name.contains("recall")));
}

#[test]
fn an_image_without_captions_is_a_candidate_but_not_a_query() {
    let images = Tensor::from_slice2(&[[1.0f32, 0.0], [0.0, 1.0]]);
    let found =
        evaluate("plugin = 'retrieval'", &Model::of(images, Tensor::from_slice2(&[[0.6f32, 0.8]]), &[0]));
    let found = found.unwrap();
    assert_eq!((found.ranks[0].ranks.as_slice(), found.ranks[1].ranks.as_slice()), (&[1][..], &[0][..]));
}

#[test]
fn the_summary_counts_from_one() {
    let summary = summary("x", &[0, 3, 1, 9], &[1, 2]);
    let want = [("x/hit@1", 0.25), ("x/hit@2", 0.5), ("x/median_rank", 3.0), ("x/mean_rank", 4.25)];
    for ((name, value), (wanted, expected)) in summary.iter().zip(want) {
        assert_eq!((name.as_str(), *value), (wanted, expected));
    }
    assert!((summary[4].1 - (1.0 + 0.25 + 0.5 + 0.1) / 4.0).abs() < 1e-12);
}

#[test]
fn unrankable_input_is_an_error() {
    let error = |model: Model| evaluate("plugin = 'retrieval'", &model).unwrap_err().to_string();
    let broken = error(Model::of(random(3, 1), random(3, 2) * f64::NAN, &[0, 1, 2]));
    assert!(broken.contains("NaN or infinity"), "{broken}");
    let none = error(Model::of(random(3, 1), random(0, 2), &[]));
    assert!(none.contains("needs captions"), "{none}");
    let stray = error(Model::of(random(3, 1), random(3, 2), &[0, 1, 3]));
    assert!(stray.contains("right answers 0 to 3 of 3 answers"), "{stray}");
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_eval::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'retrieval'\nk = [0]", "[e].k: must be a list of one or more numbers"),
        ("plugin = 'retrieval'\nrows = 0", "[e].rows: must be at least 1"),
        ("plugin = 'zero_shot'\ntemplates = ['a cat']", "[e].templates: must be one or more sentences"),
        ("plugin = 'zero_shot'\ntemplates = 'foto'", "[e].templates: must be a list of sentences"),
    ] {
        let section = Section::new("e", 0..0, parse(text.to_owned()).unwrap());
        let problems = catalog.eval.plan(section).unwrap_err();
        assert!(problems[0].message.starts_with(message), "{}", problems[0].message);
    }
}
