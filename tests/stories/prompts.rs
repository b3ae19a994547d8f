//! `clip-lab prompts`: evaluation and selection of templates.

use crate::{lab::Lab, program::assert_contains};

/// A spec on emoji, which need no files and have groups as classes.
fn emoji(lab: &Lab) {
    let text = crate::lab::TINY.replace("plugin = \"captions\"\nroot = \"data\"", "plugin = \"emoji\"");
    lab.write("emoji.toml", text.replace("steps = 12", "steps = 4") + "\n[data.test]\nsplit = \"test\"\n");
}

#[test]
fn templates_are_evaluated_alone_and_as_ensembles() {
    let lab = Lab::empty();
    emoji(&lab);
    lab.write("mine.toml", "templates = ['{}', 'a photo of a {}.', 'the {} of my dreams']\n");
    lab.run(&["run", "emoji.toml"]).success();
    let args = ["prompts", "tiny", "--templates", "mine.toml", "--most", "2"];
    let found = lab.json(&args);
    assert_eq!(found["version"], 1);
    assert_eq!((&found["select"], &found["report"]), (&"val".into(), &"test".into()));
    let rows = found["templates"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    let on = |part: &str| rows.iter().map(|row| row[part].as_f64().unwrap()).collect::<Vec<_>>();
    assert!(on("report").is_sorted_by(|a, b| a >= b), "the best first");
    let chosen = &found["chosen"];
    let best = on("select").into_iter().fold(0.0, f64::max);
    assert!(
        chosen["select"].as_f64().unwrap() >= best,
        "more templates are taken only if they help: {found}"
    );
    assert!((1..=2).contains(&chosen["templates"].as_array().unwrap().len()));
    assert!(found["all"]["report"]["interval"]["low"].is_number(), "{found}");
    // The accuracy of a single template matches `eval`.
    let plain = lab.json(&["eval", "tiny", "--templates", "plain", "--suite", "zero_shot", "--no-record"]);
    let plain = plain["metrics"]["tiny-test/zero_shot/top1"].as_f64().unwrap();
    let row = rows.iter().find(|row| row["template"] == "{}").unwrap();
    assert_eq!(row["report"].as_f64().unwrap(), plain);
    assert_contains(
        &lab.run(&args).success(),
        &["a photo of a {}.", "best single template", "chosen minus all"],
    );
}

#[test]
fn a_single_split_is_halved_and_the_same_split_twice_is_rejected() {
    let lab = Lab::empty();
    emoji(&lab);
    lab.run(&["run", "emoji.toml"]).success();
    lab.write("twice.toml", "templates = ['{}']\n");
    for class in ["cat", "dog"] {
        std::fs::create_dir_all(lab.path(&format!("pets/{class}"))).unwrap();
        for index in 0..12 {
            let shade = if class == "cat" { 3 * index } else { 255 - 3 * index };
            let image = image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3]));
            image.save(lab.path(&format!("pets/{class}/{index}.png"))).unwrap();
        }
    }
    let args = ["prompts", "tiny", "--data", "pets", "--templates", "twice.toml"];
    let found = lab.json(&args);
    assert_eq!(found["select"], "first half of all");
    let gain = &found["gain"];
    assert_eq!(gain["value"], 0.0, "one template, chosen or all");
    let refused = lab.run(&["prompts", "tiny", "--select", "test"]).failure();
    assert_contains(&refused, &["must be selected and reported on different splits"]);
    let captions = Lab::new();
    captions.run(&["run", "tiny.toml"]).success();
    assert_contains(
        &captions.run(&["prompts", "tiny", "--report", "train"]).failure(),
        &["prompts need classes"],
    );
}
