//! Comparisons of synthetic runs: exact texts, and messages about missing or mixed runs.

use crate::common::{Lab, METRIC, TestRun};
use clip_lab_cli::{CompareArgs, Weights};
use clip_lab_stats::Covers;
use clip_lab_store::Status;
use clip_lab_viewer::compare::{Report, compare, report};

fn args(what: &[&str]) -> CompareArgs {
    CompareArgs { what: what.iter().map(|name| (*name).to_owned()).collect(), ..CompareArgs::default() }
}

fn found(lab: &Lab, what: &[&str]) -> Report {
    with_fixed_times(report(&lab.store(), &args(what)).unwrap())
}

/// Replaces run times, which vary.
fn with_fixed_times(mut report: Report) -> Report {
    let rows = report.tables.iter_mut().flat_map(|table| &mut table.rows);
    rows.for_each(|row| row.cost.seconds = row.cost.seconds.map(|_| 725.5));
    report
}

fn error(lab: &Lab, args: &CompareArgs) -> String {
    report(&lab.store(), args).unwrap_err().to_string()
}

/// A study of three arms with three seeds. One arm has a failed run, a repeated seed and a missing seed.
fn study() -> Lab {
    let lab = Lab::new();
    for seed in 0..3 {
        lab.add(TestRun { hits: 300 + 9 * seed, ..TestRun::of("clip", seed) });
        lab.add(TestRun { hits: 352 + 8 * seed, flops: Some(2.5e9), ..TestRun::of("lit", seed) });
    }
    lab.add(TestRun { hits: 303, ..TestRun::of("a long name of an arm", 0) });
    lab.add(TestRun { end: Status::Failed, ..TestRun::of("a long name of an arm", 1) });
    lab.add(TestRun { hits: 317, ..TestRun::of("a long name of an arm", 1) });
    lab.add(TestRun { hits: 340, ..TestRun::of("a long name of an arm", 1) });
    lab
}

#[test]
fn a_study_at_80_and_120_columns() {
    let report = found(&study(), &["towers"]);
    insta::assert_snapshot!("narrow", report.to_text(80));
    insta::assert_snapshot!("wide", report.to_text(120));
    assert!(report.to_text(80).lines().all(|line| line.chars().count() <= 80));
    insta::assert_snapshot!("markdown", report.to_markdown());
    insta::assert_snapshot!("csv", report.to_csv().unwrap());
}

#[test]
fn numbers_are_those_of_the_runs() {
    let report = found(&study(), &["towers"]);
    let [clip, lit, other] = &report.tables[0].rows[..] else { panic!("three arms") };
    assert_eq!(
        (report.version, report.reference.as_str(), report.study.as_deref()),
        (1, "clip", Some("towers"))
    );
    assert_eq!((clip.is_reference, lit.is_reference, clip.queries), (true, false, Some(1000)));
    assert_eq!((&clip.values[..2], clip.difference.is_none()), (&[0.3, 0.309][..], true));
    assert!((lit.mean.unwrap().value - 0.36).abs() < 1e-12);
    let difference = lit.difference.as_ref().unwrap();
    assert!((difference.estimate.value - 0.051).abs() < 1e-12 && difference.paired_by_seed);
    assert_eq!(difference.estimate.covers, Some(Covers::SeedsAndQueries));
    assert!(difference.p_holm >= difference.estimate.p && lit.is_significant());
    // Every hit of clip is one of lit, so that only lit's 52, 51 and 50 more are discordant: 2 / 2^51 is the second of
    // them.
    let mcnemar = lit.mcnemar.as_ref().unwrap();
    assert_eq!((mcnemar.seeds[0].only.first, mcnemar.seeds[0].only.second), (52, 0));
    assert!((mcnemar.p / (1.5 * 2.0_f64.powi(-50)) - 1.0).abs() < 1e-6, "{}", mcnemar.p);
    assert_eq!(
        (lit.cost.samples, lit.cost.flops, clip.cost.flops),
        (Some(6400.0), Some(2.5e9 * 6400.0), None)
    );
    assert_eq!((&other.seeds, other.difference.as_ref().unwrap().paired_by_seed), (&vec![0, 1], false));
    assert!((other.values[1] - 0.34).abs() < 1e-12, "the newest finished run");
    assert_eq!(report.not_counted.len(), 2);
}

#[test]
fn json_has_a_version_and_every_number() {
    let lab = study();
    let text = compare(&lab.store(), &CompareArgs { json: true, ..args(&["towers"]) }).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let lit = &json["tables"][0]["rows"][1];
    assert_eq!((&json["version"], &json["tables"][0]["metric"]), (&1.into(), &METRIC.into()));
    for number in [&lit["mean"]["interval"]["low"], &lit["over_seeds"]["high"], &lit["difference"]["p_holm"]]
    {
        assert!(number.is_f64(), "{lit}");
    }
    assert_eq!(lit["difference"]["covers"], "seeds_and_queries");
}

#[test]
fn one_seed_has_a_note_on_its_interval() {
    let lab = Lab::new();
    lab.add(TestRun { hits: 300, ..TestRun::of("clip", 0) });
    lab.add(TestRun { hits: 420, ..TestRun::of("lit", 0) });
    let report = found(&lab, &["clip", "lit"]);
    let lit = &report.tables[0].rows[1];
    assert_eq!(lit.mean.unwrap().covers, Some(Covers::Queries));
    assert!(
        lit.difference.as_ref().unwrap().p_holm.unwrap() < 0.001 && !lit.is_significant(),
        "one seed is not marked"
    );
    insta::assert_snapshot!("one_seed", report.to_text(100));
    assert!(!report.to_markdown().contains("| **"), "nothing is bold");
}

#[test]
fn a_metric_without_queries_is_compared_over_seeds() {
    let lab = study();
    let ask = CompareArgs { metric: vec!["val/loss".into(), METRIC.into()], ..args(&["towers"]) };
    let report = with_fixed_times(report(&lab.store(), &ask).unwrap());
    assert_eq!(report.tables.len(), 2);
    let lit = &report.tables[0].rows[1];
    assert_eq!(
        (lit.mean.unwrap().covers, lit.queries, lit.mcnemar.is_none()),
        (Some(Covers::Seeds), None, true)
    );
    assert_eq!(lit.mean.unwrap().interval, lit.over_seeds);
    insta::assert_snapshot!("loss", report.to_text(100).split("\ntowers").next().unwrap());
}

#[test]
fn runs_of_one_name_are_an_arm_and_twins_by_uid_are_two() {
    let lab = study();
    let report = found(&lab, &["lit", "clip"]);
    assert_eq!((report.reference.as_str(), report.tables[0].rows[1].seeds.len()), ("lit", 3));
    let uids = lab.uids("a long name of an arm", 1);
    let [_, older, newer] = &uids[..] else { panic!("three runs") };
    let report = found(&lab, &[older, newer, "clip"]);
    let arms: Vec<&str> = report.tables[0].rows.iter().map(|row| row.arm.as_str()).collect();
    assert_eq!(arms.len(), 3, "{arms:?}");
    assert!(arms[0] != arms[1] && arms[0].starts_with("a long name of an arm·"), "{arms:?}");
    assert!(report.not_counted.is_empty(), "{:?}", report.not_counted);
}

#[test]
fn a_study_file_names_metric_reference_and_what_is_missing() {
    let lab = study();
    lab.write("base.toml", "name = \"base\"\n");
    let arms = ["clip", "lit", "cold"].map(|arm| format!("[[arm]]\nname = \"{arm}\"\n")).concat();
    let head = "name = \"towers\"\nbase = \"base.toml\"\nmetric = \"test/retrieval/t2i/hit@5\"\nseeds = [0, 1, 2, 3]\n";
    let file = lab.write("study.toml", &format!("{head}reference = \"lit\"\n{arms}"));
    let report = found(&lab, &[&file]);
    let shown: Vec<&str> = report.tables[0].rows.iter().map(|row| row.arm.as_str()).collect();
    assert_eq!(shown, ["clip", "lit", "cold", "a long name of an arm"]);
    assert_eq!(
        (report.reference.as_str(), report.tables[0].metric.as_str()),
        ("lit", "test/retrieval/t2i/hit@5")
    );
    let missing = report.not_counted.iter().filter(|line| line.ends_with("not run yet")).count();
    assert_eq!(missing, 1 + 1 + 4, "{:?}", report.not_counted);
    assert!(report.to_text(80).contains("cold seed 3: not run yet"));
    let head = head.replace("towers", "nothing");
    let nowhere = lab.write("other.toml", &format!("{head}reference = \"lit\"\n{arms}"));
    let message = error(&lab, &args(&[&nowhere]));
    assert!(message.contains("no runs of the study `nothing`: `clip-lab run "), "{message}");
}

#[test]
fn mixed_code_data_and_queries_have_warnings() {
    let lab = Lab::new();
    for seed in 0..3 {
        lab.add(TestRun {
            hits: 300 + seed,
            code: if seed == 2 { "new" } else { "old" },
            ..TestRun::of("clip", seed)
        });
        lab.add(TestRun { hits: 310 + seed, data: "other", ..TestRun::of("lit", seed) });
        lab.add(TestRun { hits: 310 + seed, queries: 900, ..TestRun::of("less", seed) });
    }
    lab.tag("less", 0, "superseded");
    let report = found(&lab, &["towers"]);
    insta::assert_snapshot!("mixed", report.to_text(100));
    let covers = |at: usize| report.tables[0].rows[at].difference.as_ref().unwrap().estimate.covers;
    assert_eq!((covers(1), covers(2)), (None, None), "other queries are not tested");
}

#[test]
fn captions_of_one_image_are_drawn_together() {
    let of = |images: usize| {
        let lab = Lab::new();
        (0..3)
            .for_each(|seed| lab.add(TestRun { hits: 300 + 5 * seed, images, ..TestRun::of("clip", seed) }));
        found(&lab, &["clip"])
    };
    let width = |report: &Report| {
        let interval = report.tables[0].rows[0].mean.unwrap().interval.unwrap();
        interval.high - interval.low
    };
    let (alone, fives) = (of(1000), of(200));
    assert!(width(&fives) > 1.7 * width(&alone), "all hits are in the same images: sqrt(5) times as wide");
    assert!(fives.tables[0].notes[0].contains("5 captions at a time"), "{:?}", fives.tables[0].notes);
    assert!(of(300).tables[0].notes[0].contains("different numbers"));
}

#[test]
fn moving_averages_have_their_own_metric_names() {
    let lab = study();
    let ask = CompareArgs { weights: Some(Weights::Ema), ..args(&["towers"]) };
    let message = error(&lab, &ask);
    assert!(
        message.contains("none of these runs has the metric `test/ema/retrieval/t2i/hit@1`"),
        "{message}"
    );
    assert!(message.contains(METRIC), "{message}");
    let raw = CompareArgs {
        weights: Some(Weights::Raw),
        metric: vec!["test/ema/retrieval/t2i/hit@1".into()],
        ..args(&["towers"])
    };
    assert_eq!(report(&lab.store(), &raw).unwrap().tables[0].metric, METRIC);
}

#[test]
fn missing_arms_runs_and_metrics_are_errors() {
    let lab = study();
    let reference = CompareArgs { reference: Some("clap".into()), ..args(&["towers"]) };
    assert_eq!(
        error(&lab, &reference),
        "there is no arm `clap`; did you mean `clip`? (arms: clip, lit, a long name of an arm)"
    );
    let message = error(&lab, &args(&["tower"]));
    assert!(message.contains("no run matches `tower`"), "{message}");
    let message = error(&lab, &args(&["missing.toml"]));
    assert!(message.contains("cannot read the study"), "{message}");
    let lab = Lab::new();
    lab.add(TestRun { end: Status::Failed, ..TestRun::of("clip", 0) });
    let ask = CompareArgs { metric: vec![METRIC.into()], ..args(&["towers"]) };
    assert!(error(&lab, &ask).contains("none of these runs has finished"));
    assert!(error(&lab, &args(&["towers"])).contains("--metric"));
}
