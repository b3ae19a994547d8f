//! Reports of synthetic runs: exact texts, numbers equal to `compare`, and no injected or leaked content.

use std::{fs, iter, path::Path};

use crate::common::{Lab, TestRun};
use clip_lab_chart::figure::span;
use clip_lab_cli::{CompareArgs, ReportArgs};
use clip_lab_store::Status;
use clip_lab_viewer::{
    compare::{self, compare},
    report::report,
};
use serde_json::Value;

/// A name that is HTML, a script and a shell substitution unless escaped.
const NASTY: &str = "<script>alert('x')</script> & `$(id)`";

fn study() -> Lab {
    let lab = Lab::new();
    for seed in 0..3 {
        lab.add(TestRun { hits: 300 + 9 * seed, ..TestRun::of("clip", seed) });
        lab.add(TestRun { hits: 352 + 8 * seed, flops: Some(2.5e9), ..TestRun::of("lit", seed) });
        lab.add(TestRun { hits: 309 + 4 * seed, ..TestRun::of(NASTY, seed) });
    }
    lab.add(TestRun { end: Status::Failed, ..TestRun::of("lit", 3) });
    lab
}

fn args(what: &[&str], out: &Path) -> ReportArgs {
    let what = what.iter().map(|name| (*name).to_owned()).collect();
    ReportArgs { what, out: out.to_owned(), ..ReportArgs::default() }
}

/// Writes a report beside the store and returns its folder.
fn written(lab: &Lab, what: &[&str]) -> std::path::PathBuf {
    let out = lab.store().with_file_name("report");
    report(&lab.store(), &args(what, &out)).unwrap();
    out
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn json(folder: &Path) -> Value {
    serde_json::from_str(&read(folder, "data/report.json")).unwrap()
}

/// When the runs of a report started, to the minute.
fn dates(json: &Value) -> Vec<&str> {
    let facts = json["runs"].as_array().unwrap().iter().flat_map(|run| run["facts"].as_array().unwrap());
    facts.filter(|fact| fact[0] == "started").map(|fact| fact[1].as_str().unwrap()).collect()
}

/// A report of runs that started in the same minute, which is then a fact that they share.
fn written_within_a_minute() -> (Lab, std::path::PathBuf) {
    let tries = iter::repeat_with(|| {
        let lab = study();
        let folder = written(&lab, &["towers"]);
        (lab, folder)
    });
    let same = |(_, folder): &(Lab, std::path::PathBuf)| {
        let json = json(folder);
        let dates = dates(&json);
        dates.iter().all(|date| *date == dates[0])
    };
    tries.take(3).find(same).expect("runs that start within a minute")
}

/// Replaces dates and run times, which vary.
fn with_fixed_times(text: &str, json: &Value) -> String {
    let text = dates(json).into_iter().fold(text.to_owned(), |text, date| text.replace(date, "DATE"));
    let rows = json["comparison"]["tables"][0]["rows"].as_array().unwrap();
    let times = rows.iter().filter_map(|row| row["cost"]["seconds"].as_f64()).map(span);
    times.fold(text, |text, time| text.replace(&format!("| {time} |\n"), "| TIME |\n"))
}

#[test]
fn markdown_contains_the_comparison() {
    let (_lab, folder) = written_within_a_minute();
    insta::assert_snapshot!("report_markdown", with_fixed_times(&read(&folder, "report.md"), &json(&folder)));
    insta::assert_snapshot!("report_reproduce", read(&folder, "reproduce.sh"));
}

#[test]
fn figures_are_titled_by_what_they_show() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let figures = &json(&folder)["figures"];
    assert_eq!(figures[0]["title"], "Difference from clip (arm minus clip)");
    assert_eq!((&figures[1]["title"], &figures[1]["metric"]), (&"train loss".into(), &"train/loss".into()));
    let page = read(&folder, "report.html");
    assert!(page.contains("<figcaption><code>train/loss</code> shaded"), "{page}");
    assert!(page.contains("arm minus clip (percentage points)"), "{page}");
    assert!(read(&folder, "data/curves.csv").contains("\ntrain/loss,clip,3,step,"), "as recorded");
}

#[test]
fn numbers_are_those_of_compare() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let ask = CompareArgs { what: vec!["towers".into()], json: true, ..CompareArgs::default() };
    let compared: Value = serde_json::from_str(&compare(&lab.store(), &ask).unwrap()).unwrap();
    assert_eq!(json(&folder)["comparison"], compared);
    let csv = compare::report(&lab.store(), &ask).unwrap().to_csv().unwrap();
    assert_eq!(read(&folder, "data/comparison.csv"), csv);

    let page = read(&folder, "report.html");
    let page = parsed(&page);
    for row in compared["tables"][0]["rows"].as_array().unwrap() {
        let of_arm = |node: &roxmltree::Node| node.attribute("data-arm") == row["arm"].as_str();
        let line = page.descendants().find(of_arm).unwrap_or_else(|| panic!("no line of {}", row["arm"]));
        let cell = |class: &str| {
            let cells = line.children().filter(|node| node.attribute("class").is_some());
            let mut named =
                cells.filter(|node| node.attribute("class").unwrap().split(' ').next() == Some(class));
            named.next().and_then(|node| node.attribute("data-value")?.parse::<f64>().ok())
        };
        assert!(same(cell("mean"), &row["mean"]["value"]), "mean of {}", row["arm"]);
        assert!(same(cell("difference"), &row["difference"]["value"]), "difference of {}", row["arm"]);
        assert!(same(cell("p_holm"), &row["difference"]["p_holm"]), "p_holm of {}", row["arm"]);
        assert!(same(cell("mcnemar"), &row["mcnemar"]["p_holm"]), "mcnemar of {}", row["arm"]);
        assert!(same(cell("samples"), &row["cost"]["samples"]), "samples of {}", row["arm"]);
        assert!(same(cell("flops"), &row["cost"]["flops"]), "flops of {}", row["arm"]);
        assert!(same(cell("seconds"), &row["cost"]["seconds"]), "seconds of {}", row["arm"]);
    }
}

/// Equal up to the last digit, which JSON may round.
fn same(shown: Option<f64>, number: &Value) -> bool {
    match (shown, number.as_f64()) {
        (Some(shown), Some(number)) => (shown - number).abs() <= 1e-14 * number.abs(),
        (shown, number) => shown == number,
    }
}

fn parsed(page: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    roxmltree::Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_page_is_well_formed_and_self_contained() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let page = read(&folder, "report.html");
    let document = parsed(&page);
    let allowed = |value: &str| value.starts_with('#') || value.starts_with("data:image/jpeg;base64,");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for attribute in
            node.attributes().filter(|of| ["href", "src", "srcset", "action", "data"].contains(&of.name()))
        {
            assert!(allowed(attribute.value()), "{node:?}");
        }
        assert!(!["link", "iframe", "object", "embed", "base"].contains(&node.tag_name().name()), "{node:?}");
    }
    for outside in ["http:", "https:", "url(", "@import", "src=\"//", "href=\"//", "fetch(", "XMLHttpRequest"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    for id in document.descendants().filter_map(|node| node.attribute("href")) {
        let target = document.descendants().any(|node| node.attribute("id") == id.strip_prefix('#'));
        assert!(target, "{id} leads nowhere");
    }
    assert!(document.descendants().filter(|node| node.has_tag_name("svg")).count() >= 1);
}

#[test]
fn names_are_escaped_and_secrets_are_withheld() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let page = read(&folder, "report.html");
    assert!(!page.contains("<script>alert") && page.contains("&#60;script&#62;alert"), "{page}");
    let markdown = read(&folder, "report.md");
    assert!(markdown.contains("`` <script>"), "inline code: {markdown}");
    assert!(!markdown.replace("`` <script>", "").contains(" <script>"), "{markdown}");
    let script = read(&folder, "reproduce.sh");
    assert!(script.contains(r"'<script>alert('\''x'\'')</script> & `$(id)`'"), "{script}");
    let checked =
        std::process::Command::new("sh").arg("-n").arg(folder.join("reproduce.sh")).status().unwrap();
    assert!(checked.success());
    let mut files = vec![folder.clone()];
    while let Some(path) = files.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => files.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => {
                let bytes = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains("hunter2"), "{} contains a secret", path.display());
            }
        }
    }
    let specs: Vec<_> =
        fs::read_dir(folder.join("specs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(specs.len(), 9);
    let spec =
        fs::read_to_string(specs.iter().find(|path| path.display().to_string().contains("clip-2")).unwrap())
            .unwrap();
    assert_eq!(spec, "# clip\n[run]\nseed = 2\n[data.train]\ntoken = \"withheld\"\n");
}

#[test]
fn hits_and_misses_are_shown_with_their_images() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let queries = &json(&folder)["queries"];
    // The query with the largest spread of ranks comes first.
    assert_eq!((&queries[0]["text"], &queries[1]["text"]), (&"1 < 2 & 3".into(), &"an apple".into()));
    assert_eq!(
        (&queries[0]["found"][0]["arm"], &queries[0]["found"][0]["rank"]),
        (&"clip".into(), &21.into())
    );
    assert_eq!(queries[0]["found"].as_array().unwrap().len(), 3);
    let page = read(&folder, "report.html");
    let document = parsed(&page);
    let images: Vec<_> = document.descendants().filter(|node| node.has_tag_name("img")).collect();
    assert_eq!(images.len(), 6);
    let alone = crate::common::JPEG.replace(char::is_whitespace, "");
    assert!(
        images.iter().all(|node| node.attribute("src") == Some(&format!("data:image/jpeg;base64,{alone}")))
    );
    assert_eq!(images[0].attribute("alt"), Some("apple.png, 0.25, wrong"));
    assert!(fs::read(folder.join("figures/image-ab12.jpg")).unwrap().starts_with(&[0xff, 0xd8]));
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let files = ["report.html", "report.md", "reproduce.sh", "data/report.json", "data/curves.csv"];
    let before: Vec<String> = files.iter().map(|file| read(&folder, file)).collect();
    fs::write(folder.join("figures/old.svg"), "of an earlier report").unwrap();
    let list = read(&folder, ".clip-lab-report") + "figures/old.svg\n";
    fs::write(folder.join(".clip-lab-report"), list).unwrap();
    written(&lab, &["towers"]);
    assert_eq!(files.iter().map(|file| read(&folder, file)).collect::<Vec<_>>(), before);
    assert!(!folder.join("figures/old.svg").exists(), "files of an earlier report are removed");
}

#[test]
fn only_files_that_a_report_wrote_are_removed() {
    let lab = study();
    let folder = written(&lab, &["towers"]);
    let mine = ["data/mine.csv", "specs/mine.toml", "figures/mine.svg", "notes.txt"];
    mine.iter().for_each(|file| fs::write(folder.join(file), "mine").unwrap());
    let list = read(&folder, ".clip-lab-report") + "notes.txt\n../lab.db\ndata/../notes.txt\n/etc/hostname\n";
    fs::write(folder.join(".clip-lab-report"), list).unwrap();
    written(&lab, &["clip", "lit"]);
    mine.iter().for_each(|file| assert_eq!(read(&folder, file), "mine"));
    assert!(lab.store().exists() && !read(&folder, "data/comparison.csv").contains("alert"));

    // A foreign file in the way, and a folder that is a link.
    fs::remove_file(folder.join(".clip-lab-report")).unwrap();
    let refused = |message: &str| {
        let error = report(&lab.store(), &args(&["towers"], &folder)).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    refused("is in use and is not a report");
    fs::write(folder.join(".clip-lab-report"), "").unwrap();
    refused("report.html is in the way and was not written by a report");
    assert!(folder.join("report.md").exists());
    let other = folder.with_file_name("other");
    let away = folder.with_file_name("away");
    fs::create_dir_all(&other).unwrap();
    fs::create_dir_all(&away).unwrap();
    fs::write(away.join("comparison.csv"), "mine").unwrap();
    std::os::unix::fs::symlink(&away, other.join("data")).unwrap();
    fs::write(other.join(".clip-lab-report"), "data/comparison.csv\n").unwrap();
    let error = report(&lab.store(), &args(&["towers"], &other)).unwrap_err().to_string();
    assert!(error.contains("must be a folder"), "{error}");
    assert_eq!(read(&away, "comparison.csv"), "mine");
}

#[test]
fn a_foreign_report_is_not_changed() {
    let lab = study();
    let out = lab.store().with_file_name("theirs");
    fs::create_dir_all(out.join("data")).unwrap();
    fs::write(out.join("report.html"), "theirs").unwrap();
    fs::write(out.join("data/theirs.csv"), "theirs").unwrap();
    let error = report(&lab.store(), &args(&["towers"], &out)).unwrap_err().to_string();
    assert!(error.contains("is in use and is not a report"), "{error}");
    assert_eq!(
        (read(&out, "report.html"), read(&out, "data/theirs.csv")),
        ("theirs".into(), "theirs".into())
    );
}

#[test]
fn one_seed_and_no_difference_are_stated() {
    let lab = Lab::new();
    lab.add(TestRun { hits: 300, ..TestRun::of("clip", 0) });
    let answer = |what: &[&str]| {
        let folder = written(&lab, what);
        json(&folder)["answer"].as_str().unwrap().to_owned()
    };
    let alone = answer(&["clip"]);
    assert!(alone.starts_with("`clip` reaches 0.3") && alone.contains("does not cover training"), "{alone}");
    lab.add(TestRun { hits: 420, ..TestRun::of("lit", 0) });
    let pair = answer(&["clip", "lit"]);
    assert!(
        pair.contains("another seed may change the difference by more") && !pair.contains("better"),
        "{pair}"
    );
    lab.add(TestRun { hits: 300, ..TestRun::of("twin", 0) });
    let twin = answer(&["clip", "twin"]);
    assert!(twin.ends_with("`twin` (+0.000) has the same values as `clip` with every seed."), "{twin}");
    lab.add(TestRun { hits: 301, ..TestRun::of("near", 0) });
    let near = answer(&["clip", "near"]);
    assert!(near.contains("includes zero, and covers the queries of one seed, not training"), "{near}");
    for seed in 1..3 {
        lab.add(TestRun { hits: 300 + 9 * seed, ..TestRun::of("clip", seed) });
        lab.add(TestRun { hits: 303 + 7 * seed, ..TestRun::of("twin", seed) });
    }
    let open = answer(&["clip", "twin"]);
    assert!(open.contains("does not differ significantly from `clip`: the interval includes zero"), "{open}");
}

#[test]
fn a_folder_in_use_is_not_changed() {
    let lab = study();
    let out = lab.store().with_file_name("mine");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let error = report(&lab.store(), &args(&["towers"], &out)).unwrap_err().to_string();
    assert!(error.contains("is in use and is not a report (it has no .clip-lab-report"), "{error}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    let error =
        report(&lab.store(), &args(&["nowhere"], &out.with_file_name("new"))).unwrap_err().to_string();
    assert!(error.contains("no run matches `nowhere`"), "{error}");
    assert!(!out.with_file_name("new").exists());
}
