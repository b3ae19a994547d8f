//! The filter language: semantics, error messages and Boolean laws.

use clip_lab_chart::filter::{Filter, Subject};
use clip_lab_store::{Reader, RunDetails, RunRow, SeriesRow};
use clip_lab_testing::runs;
use proptest::prelude::*;

struct Made {
    row: RunRow,
    details: RunDetails,
    series: Vec<SeriesRow>,
}

/// The runs of the fixture, with settings, tags and notes.
fn made() -> Vec<Made> {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let reader = Reader::open(&store).expect("the store exists");
    let made = |(i, mut row): (usize, RunRow)| {
        let series = reader.series(row.id).expect("readable");
        let plugin = if i % 2 == 0 { "\"vit\"" } else { "\"resnet\"" };
        let settings = [
            ("model.image.plugin", plugin),
            ("model.text.plugin", "\"clip_transformer\""),
            ("optimizer.lr", ["1e-5", "0.001", "0.003", "0.0001"][i]),
            ("run.shuffle", "true"),
            ("run.steps", "null"),
        ];
        row.study = (i > 0).then(|| "tricks".to_string());
        row.arm = (i > 0).then(|| format!("arm-{i}"));
        row.seed = i as u64;
        let details = RunDetails {
            settings: settings.map(|(key, value)| (key.to_string(), value.to_string())).into(),
            tags: if i == 2 { vec!["Superseded".to_string()] } else { Vec::new() },
            notes: if i == 3 { vec!["diverged, see (plot)".to_string()] } else { Vec::new() },
        };
        Made { row, details, series }
    };
    reader.runs().expect("readable").into_iter().enumerate().map(made).collect()
}

fn subject(made: &Made) -> Subject<'_> {
    Subject { row: &made.row, details: &made.details, series: &made.series }
}

fn names(runs: &[Made], text: &str) -> Vec<String> {
    let filter = Filter::parse(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.message));
    runs.iter().filter(|run| filter.matches(&subject(run))).map(|run| run.row.name.clone()).collect()
}

#[test]
fn every_form_of_filter_selects_its_runs() {
    let runs = made();
    let all = ["lit-ema", "lit-lr-3e-3", "lit-cls", "lit-mean"];
    let is = |text: &str, expected: &[&str]| assert_eq!(names(&runs, text), expected, "{text}");
    is("", &all);
    is("  ", &all);
    // Text in names, studies, arms, tags and notes; names and uids.
    is("lit-cls", &["lit-cls"]);
    is("LIT-CLS,lit-mean", &["lit-cls", "lit-mean"]);
    is(&runs[1].row.uid, &["lit-lr-3e-3"]);
    is("tricks", &all[1..]);
    is("superseded", &["lit-cls"]);
    is("\"see (plot)\"", &["lit-mean"]);
    is("lit-*-3", &["lit-lr-3e-3"]);
    is("-lit-ema -lit-mean", &["lit-lr-3e-3", "lit-cls"]);
    // AND, OR, NOT, parentheses: OR binds weakest.
    is("ema OR cls AND tag:superseded", &["lit-ema", "lit-cls"]);
    is("(ema | cls) tag:superseded", &["lit-cls"]);
    is("NOT (ema | cls)", &["lit-lr-3e-3", "lit-mean"]);
    is("!ema && !(cls || mean)", &["lit-lr-3e-3"]);
    // Fields and settings, by key or by a suffix of it.
    is("name=lit-ema", &["lit-ema"]);
    is("arm:arm-2", &["lit-cls"]);
    is("study!=tricks", &["lit-ema"]);
    is("seed=1", &["lit-lr-3e-3"]);
    is("seed>=2 step < 1500", &["lit-cls"]);
    is("model.image.plugin=vit", &["lit-ema", "lit-cls"]);
    is("image.plugin:RES*", &["lit-lr-3e-3", "lit-mean"]);
    is("optimizer.lr<1e-4", &["lit-ema"]);
    is("lr = 1e-3", &["lit-lr-3e-3"]);
    is("lr!=1e-3 shuffle=true", &["lit-ema", "lit-cls", "lit-mean"]);
    is("tag:super*", &["lit-cls"]);
    is("tag:x", &[]);
    // Status, alone and in groups.
    is("status:running", &["lit-ema"]);
    is("status=non-finite | status:inter", &["lit-lr-3e-3", "lit-cls"]);
    is("status:live", &["lit-ema"]);
    is("status:ended", &all[1..]);
    // Metrics, by name or by a suffix that is the goal or unique; last, best, min and max.
    is("val/retrieval/t2i/hit@1>0.415", &["lit-ema"]);
    is("hit@1>41.5%", &["lit-ema"]);
    is("top1>=0.45", &["lit-ema", "lit-mean"]);
    is("min(train/loss)>1.5 best(t2i/hit@1)>0.415", &["lit-ema"]);
    is("max(train/loss)>4", &all);
    is("nothing>0", &[]);
    is("nothing!=0", &all);
    // Existence.
    is("has:note", &["lit-mean"]);
    is("has:study -has:tag", &["lit-lr-3e-3", "lit-mean"]);
    is("has:model.image", &all);
    is("has:run.steps", &[]);
    is("has:zero_shot", &["lit-ema", "lit-lr-3e-3", "lit-cls", "lit-mean"]);
}

#[test]
fn problems_are_sentences_with_a_caret() {
    let problems = [
        "lr<fast",
        "(ema",
        "ema)",
        "\"open",
        "a OR",
        "seed=",
        "NOT",
        "status:runing",
        "best()>1",
        "=1",
        "a AND | b",
        "ema |",
        "()",
    ];
    let messages: Vec<String> =
        problems.iter().map(|text| Filter::read("--filter", text).expect_err(text)).collect();
    insta::assert_snapshot!("problems", messages.join("\n\n"));
    let deep = "(".repeat(5000);
    assert!(Filter::parse(&deep).is_err_and(|problem| problem.message.contains("levels")));
    assert!(Filter::parse(&"-".repeat(5000)).is_err());
}

#[test]
fn unknown_names_are_reported() {
    let runs = made();
    let problem = |text: &str| {
        let filter = Filter::parse(text).expect("well formed");
        filter.check(runs.iter().map(subject)).err().map(|problem| {
            let place = problem.place.clone().map_or("", |place| &text[place]);
            format!("{place}: {} / {}{}", problem.message, problem.label, problem.help.unwrap_or_default())
        })
    };
    for known in ["", "any words", "lr<1", "hit@1>0.1", "seed=1", "-note:x", "has:whatever", "train/loss<3"] {
        assert_eq!(problem(known), None, "{known}");
    }
    let lines: Vec<String> = ["optimizer.lrr<1", "ema plugin=vit", "hit@5>0.3", "sed=1", "zzzzzzzz=1"]
        .map(|t| problem(t).unwrap_or_default())
        .into();
    insta::assert_snapshot!("unknown_names", lines.join("\n"));
    let filter = Filter::parse("lr<1").expect("well formed");
    assert!(filter.check(std::iter::empty()).is_ok(), "an empty store knows no names");
}

fn term() -> impl Strategy<Value = String> {
    prop_oneof![
        prop_oneof![Just("ema"), Just("lit"), Just("\"lr\""), Just("tricks"), Just("nobody")]
            .prop_map(String::from),
        prop_oneof![
            Just("status:live"),
            Just("tag:superseded"),
            Just("has:note"),
            Just("model.image.plugin=vit")
        ]
        .prop_map(String::from),
        (
            prop_oneof![Just("lr"), Just("seed"), Just("hit@1"), Just("none")],
            prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("="), Just("!="), Just(":")],
            prop_oneof![Just("0"), Just("1"), Just("0.001"), Just("40%"), Just("1e-4")]
        )
            .prop_map(|(name, op, value)| format!("{name}{op}{value}")),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) | ({b})")),
        ]
    })
}

#[test]
fn the_laws_of_and_or_and_not_hold() {
    let runs = made();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&(expression(), expression()), |(a, b)| {
        let of = |text: String| names(&runs, &text);
        prop_assert_eq!(of(format!("NOT NOT ({a})")), of(a.clone()));
        prop_assert_eq!(of(format!("-(-({a}))")), of(a.clone()));
        prop_assert_eq!(of(format!("({a}) ({b})")), of(format!("({b}) AND ({a})")));
        prop_assert_eq!(of(format!("({a}) OR ({b})")), of(format!("({b}) | ({a})")));
        prop_assert_eq!(of(format!("NOT (({a}) ({b}))")), of(format!("(NOT ({a})) OR (NOT ({b}))")));
        prop_assert_eq!(of(format!("({a}) (({a}) | ({b}))")), of(a.clone()));
        let both = of(format!("({a}) ({b})"));
        let (left, right) = (of(a), of(b));
        let expected: Vec<String> = left.into_iter().filter(|name| right.contains(name)).collect();
        prop_assert_eq!(both, expected);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_fail(text in "([ a-z0-9():=<>!|&,\"*%@/.-]|AND|OR|NOT|best\\(|\\PC){0,40}") {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(filter.text(), &text),
            Err(problem) => {
                let place = problem.place.clone().unwrap_or(0..0);
                prop_assert!(place.end <= text.len() && text.is_char_boundary(place.start));
                prop_assert!(!problem.message.is_empty());
                Filter::read("--filter", &text).expect_err("the same");
            }
        }
    }
}
