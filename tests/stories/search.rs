//! `clip-lab search`: queries by text and by image, index updates, contact sheets, and wrong matches of an evaluation.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    lab::Lab,
    program::{Done, assert_contains},
};

/// Names of the hits of the first query, in order.
fn names(answer: &Value) -> Vec<String> {
    let hits = answer["results"][0]["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["picture"].as_str().unwrap().to_owned()).collect()
}

fn search(lab: &Lab, args: &[&str]) -> Done {
    lab.run(&[&["search", "tiny.toml"], args].concat())
}

fn indexes(lab: &Lab) -> Vec<PathBuf> {
    let entries = fs::read_dir(lab.path("cache/search")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[test]
fn images_are_found_by_text_and_by_image() {
    let lab = Lab::new();
    fs::create_dir(lab.path("data/deep")).unwrap();
    fs::rename(lab.path("data/07.png"), lab.path("data/deep/07.png")).unwrap();
    let done = search(&lab, &["--images", "data", "a square", "number 3", "-k", "3"]);
    assert_contains(&done.err, &["56 new", "embedded 56 images", "searching 56 images below data"]);
    let out = done.success();
    assert_contains(&out, &["a square\nRANK", "IMAGE\n   1  ", "\nnumber 3\nRANK", "data/"]);
    assert_eq!(out.lines().count(), 2 * 5 + 1, "{out}");
    // An image is its own nearest neighbour.
    let found = lab.json(&["search", "tiny.toml", "--images", "data", "--image", "data/deep/07.png"]);
    assert_eq!((found["version"].as_u64(), names(&found).len()), (Some(1), 10));
    assert_eq!(names(&found)[0], "data/deep/07.png");
    let best = &found["results"][0]["hits"][0];
    assert!((best["score"].as_f64().unwrap() - 1.0).abs() < 1e-4 && best["rank"] == 1, "{best}");
    assert_eq!(found["gallery"]["pictures"], 56);
}

#[test]
fn the_index_is_cached_and_updated() {
    let lab = Lab::new();
    let ask = |more: &[&str]| search(&lab, &[&["--images", "data", "a square", "-k", "1"], more].concat());
    ask(&[]).success();
    let again = ask(&[]);
    assert!(!again.err.contains("embedded"), "nothing is embedded twice: {}", again.err);
    again.success();
    // One image is new, one has changed, one is removed, one is unreadable.
    fs::copy(lab.path("data/00.png"), lab.path("data/new.png")).unwrap();
    fs::copy(lab.path("data/05.png"), lab.path("data/01.png")).unwrap();
    fs::remove_file(lab.path("data/02.png")).unwrap();
    lab.write("data/03.png", "no image");
    let done = ask(&[]);
    assert_contains(&done.err, &["53 of 56 images cached, 1 new, 2 changed, 1 removed", "embedded 3 images"]);
    assert_contains(&done.err, &["skipped: 03.png", "1 of them skipped"]);
    done.success();
    let done = ask(&[]);
    assert!(done.err.contains("skipped: 03.png") && !done.err.contains("embedded"), "{}", done.err);
    assert_eq!(indexes(&lab).len(), 1);

    // Another model has another index; a truncated index is rebuilt; --fresh ignores the old one.
    let [index] = &indexes(&lab)[..] else { panic!("{:?}", indexes(&lab)) };
    let other = ask(&["--set", "model.image.stem_width=4"]);
    assert_contains(&other.err, &["embedded 56 images"]);
    assert_eq!(indexes(&lab).len(), 2);
    let whole = fs::read(index).unwrap();
    fs::write(index, &whole[..whole.len() / 2]).unwrap();
    let done = ask(&[]);
    assert_contains(&done.err, &["is not a valid index", "rebuilding the index", "embedded 56 images"]);
    assert_contains(&ask(&["--fresh"]).err, &["embedded 56 images"]);

    let done = ask(&["--index", "mine.safetensors"]);
    assert_contains(&done.err, &["embedded 56 images"]);
    assert!(lab.path("mine.safetensors").exists());
    assert_contains(
        &ask(&["--index", "tiny.toml"]).failure(),
        &["tiny.toml exists and is not an index of clip-lab"],
    );
}

#[test]
fn approximate_search_finds_the_same_and_reports_its_recall() {
    let lab = Lab::new();
    let args = ["search", "tiny.toml", "--images", "data", "a square"];
    let exact = lab.json(&args);
    let ask = || lab.run(&[&args[..], &["--approximate", "--json"]].concat());
    let first = ask();
    assert_contains(
        &first.err,
        &["added 56 rows to the graph", "approximate: recall@10 1.000", "on 56 images of the gallery"],
    );
    let found: Value = serde_json::from_str(&first.success()).unwrap();
    assert_eq!(names(&found), names(&exact), "56 images are all compared");
    assert_eq!((&found["results"][0]["recall"], &exact["results"][0]["recall"]), (&1.0.into(), &Value::Null));
    assert_eq!(found["gallery"]["approximate"]["expansion"], 128);
    assert!(!ask().err.contains("to the graph"), "the graph is cached");
    fs::remove_file(lab.path("data/02.png")).unwrap();
    assert_contains(&ask().err, &["added 55 rows to the graph"]);
    assert_eq!(indexes(&lab).len(), 2, "the index and its graph");
}

#[test]
fn a_run_is_searched_in_its_own_data_and_shows_wrong_matches() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let done = lab.run(&["search", "tiny", "a square with the number 50", "-k", "2"]);
    assert_contains(&done.err, &["searching 8 images of [data.val] of tiny"]);
    done.success();
    for direction in ["t2i", "i2t"] {
        let args = ["search", "tiny", "--wrong", "--direction", direction];
        let answer = lab.json(&[&args[..], &["-k", "3"]].concat());
        let wrong = &answer["wrong"];
        assert_eq!(
            (&wrong["split"], &wrong["direction"], &wrong["queries"]),
            (&"val".into(), &direction.into(), &8.into())
        );
        assert_eq!(wrong["moved"], 0, "the ranks are those of the evaluation: {wrong}");
        let worst = wrong["worst"].as_array().unwrap();
        assert_eq!(worst.len() as u64, wrong["missed"].as_u64().unwrap());
        let ranks: Vec<u64> = worst.iter().map(|miss| miss["rank"].as_u64().unwrap()).collect();
        assert!(ranks.is_sorted_by(|a, b| a >= b) && ranks.iter().all(|rank| *rank > 1), "{ranks:?}");
        for miss in worst {
            let answers = miss["answers"].as_array().unwrap();
            let right: Vec<&Value> = answers.iter().filter(|answer| answer["right"] == true).collect();
            assert_eq!(right.len(), 1, "{miss}");
            assert_eq!(right[0]["rank"], miss["rank"], "{miss}");
        }
        let out = lab.run(&args).success();
        assert_contains(&out, &["(first correct at rank ", "RANK", "correct"]);
    }
    assert_contains(&lab.run(&["search", "tiny.toml", "--wrong"]).failure(), &["tiny.toml"]);
    assert_contains(
        &lab.run(&["search", "tiny", "--wrong", "--split", "test"]).failure(),
        &["no [data.test]"],
    );
}

#[test]
fn averaged_weights_are_searched_with_their_own_ranks() {
    let lab = Lab::with_average();
    let wrong = |weights: &str| {
        let args = ["search", "tiny", "--wrong", "--weights", weights];
        lab.json(&args)["wrong"].clone()
    };
    for (weights, kind) in [("raw", "raw"), ("ema", "ema"), ("last", "raw")] {
        let wrong = wrong(weights);
        assert_eq!((&wrong["weights"], &wrong["moved"]), (&kind.into(), &0.into()), "{weights}: {wrong}");
    }
    let scores = |weights: &str| {
        let args = ["search", "tiny", "--images", "data", "number 9", "--weights", weights];
        lab.json(&args)["results"][0]["hits"][0]["score"].as_f64().unwrap()
    };
    assert_ne!(scores("raw"), scores("ema"));
    let file = format!("{}/best_ema.safetensors", lab.folder().display());
    let args = ["search", &file, "--images", "data", "x", "--weights", "ema"];
    assert_contains(&lab.run(&args).failure(), &["--weights selects weights of a run"]);
}

#[test]
fn contact_sheets_contain_their_images() {
    let lab = Lab::new();
    fs::rename(lab.path("data/04.png"), lab.path("data/<b>&4.png")).unwrap();
    lab.write("asked.txt", "a <script>alert(1)</script>\n\nnumber 9\n");
    let args = ["--images", "data", "--queries", "asked.txt", "-k", "56", "--out"];
    let done = search(&lab, &[&args[..], &["sheet.html"]].concat());
    assert_contains(&done.err, &["written to sheet.html"]);
    assert_eq!(done.success(), "", "the sheet is the answer");
    let page = fs::read_to_string(lab.path("sheet.html")).unwrap();
    assert_eq!(page.matches("src=\"data:image/jpeg;base64,").count(), 2 * 56);
    assert!(
        !page.contains("<script")
            && page.contains("&#60;script&#62;")
            && page.contains("&#60;b&#62;&#38;4.png")
    );
    assert!(!page.contains("http:") && !page.contains("https:"), "nothing is fetched");
    let args = ["--images", "data", "--image", "data/09.png", "-k", "12", "--out", "sheet.png"];
    search(&lab, &args).success();
    let sheet = image::open(lab.path("sheet.png")).unwrap().into_rgb8();
    assert_eq!(sheet.width(), 1600);
    let colours: std::collections::HashSet<_> = sheet.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 500, "images are on it");
}

#[test]
fn invalid_arguments_of_search_are_reported() {
    let lab = Lab::new();
    let refused = |args: &[&str]| search(&lab, args).failure();
    assert_contains(&refused(&[]), &["nothing to search for", "--interactive"]);
    assert_contains(&refused(&["--images", "nowhere", "x"]), &["no folder nowhere"]);
    fs::create_dir(lab.path("void")).unwrap();
    assert_contains(&refused(&["--images", "void", "x"]), &["no image below void"]);
    lab.write("void/a.png", "no image");
    assert_contains(&refused(&["--images", "void", "x"]), &["none of 1 images can be read", "a.png"]);
    assert_contains(&refused(&["--images", "data", "--image", "none.png"]), &["none.png", "no such file"]);
    assert_contains(&refused(&["--images", "data", "x", "--out", "sheet.pdf"]), &["a .png or an .html"]);
    assert_contains(&refused(&["--images", "data", " "]), &["a query must not be empty"]);
    assert_contains(&refused(&["--images", "data", "x", "-i"]), &["terminal"]);
    lab.write("bad.png", "no image");
    assert_contains(&refused(&["--images", "data", "--image", "bad.png"]), &["bad.png", "not an image"]);
    assert_contains(&lab.run(&["search", "void", "x"]).failure(), &["data of its own", "--images DIR"]);
}
