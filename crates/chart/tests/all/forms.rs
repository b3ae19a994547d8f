//! Chart types: values parsed back from the SVG match the data, and no input breaks them.

use clip_lab_chart::{
    ExportOptions, Size,
    export::{
        ChartMetadata,
        forms::{Value, cost, ema, forest, hits, layers, parallel, phases, similarity},
        save,
        scene::{Scene, Shape},
    },
    figure::Unit,
};

const SIZE: Size = Size { width_mm: 120.0, height_mm: 75.0, pixels: 1200 };

fn svg(scene: &Scene) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("a.svg");
    let options = ExportOptions { out: out.clone(), ..ExportOptions::default() };
    save(scene, &ChartMetadata::default(), &options).expect("written");
    std::fs::read_to_string(out).expect("readable")
}

fn number(node: &roxmltree::Node, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).expect("a number")
}

/// Maps a position to a value, by the first and the last tick of the horizontal axis.
fn inverse(document: &roxmltree::Document) -> impl Fn(f64) -> f64 {
    let middle = document.descendants().filter(|node| node.attribute("text-anchor") == Some("middle"));
    let found: Vec<(f64, f64)> =
        middle.filter_map(|n| Some((n.text()?.trim().parse().ok()?, number(&n, "x")))).collect();
    let (first, last) = (found[0], found[found.len() - 1]);
    move |x| first.0 + (x - first.1) / (last.1 - first.1) * (last.0 - first.0)
}

fn value(value: f64, low: f64, high: f64) -> Value {
    Value { value, interval: Some((low, high)) }
}

fn block(rows: Vec<(String, Option<Value>)>) -> forest::Block {
    forest::Block { title: "test t2i hit@1".into(), unit: "%".into(), arrow: " ↑", rows }
}

#[test]
fn differences_match_the_axis() {
    let values = [value(-17.0, -18.4, -15.6), value(0.25, -1.6, 2.1), value(9.7, 1.4, 18.1)];
    let rows = values.iter().enumerate().map(|(i, v)| (format!("arm {i}"), Some(*v))).collect();
    let text = svg(&forest::forest(&[block(rows)], "base", 120.0).expect("drawn"));
    let document = roxmltree::Document::parse(&text).expect("it is XML");
    let x = inverse(&document);
    // Half a pixel of 0.1 mm, in the units of the axis.
    let pixel = (x(5.0) - x(0.0)).abs();
    let dots: Vec<f64> =
        document.descendants().filter(|n| n.has_tag_name("circle")).map(|n| x(number(&n, "cx"))).collect();
    assert_eq!(dots.len(), 3);
    assert!(dots.iter().zip(&values).all(|(dot, v)| (dot - v.value).abs() <= pixel), "{dots:?}");
    let lines = document.descendants().find(|n| n.attribute("data-role") == Some("lines")).expect("a group");
    for (line, v) in lines.children().filter(|n| n.has_tag_name("polyline")).zip(&values) {
        let points = line.attribute("points").expect("points").split_whitespace();
        let ends: Vec<f64> = points.map(|p| x(p.split(',').next().unwrap().parse().unwrap())).collect();
        let (low, high) = v.interval.expect("given");
        assert!((ends[0] - low).abs() <= pixel && (ends[1] - high).abs() <= pixel, "{ends:?}");
    }
}

#[test]
fn costs_match_the_axis() {
    let arms: Vec<cost::ArmCost> = [("a", 1.0, 10.0), ("b", 4.0, 30.0), ("c", 6.0, 20.0)]
        .map(|(name, cost, q)| cost::ArmCost { name: name.into(), cost, quality: value(q, q - 2.0, q + 2.0) })
        .into();
    let axes = cost::Axes { x: "samples", y: "hit@1 (%) ↑", unit: Unit::Number, up: Some(true) };
    let text = svg(&cost::cost(&arms, axes, SIZE).expect("drawn"));
    let document = roxmltree::Document::parse(&text).expect("it is XML");
    let x = inverse(&document);
    let pixel = (x(5.0) - x(0.0)).abs();
    let dots: Vec<f64> =
        document.descendants().filter(|n| n.has_tag_name("circle")).map(|n| x(number(&n, "cx"))).collect();
    assert!(dots.iter().zip(&arms).all(|(dot, o)| (dot - o.cost).abs() <= pixel), "{dots:?}");
    for name in ["a", "b", "c"] {
        assert!(document.descendants().any(|n| n.text().is_some_and(|t| t.trim() == name)), "{name}");
    }
}

/// Every chart type of `values`, with names that test XML escaping and width.
fn all(values: &[f64]) -> Vec<anyhow::Result<Scene>> {
    let name = "<&\"> 名前 äöü a name of forty letters and more";
    let shown: Vec<Value> = values.iter().map(|v| value(*v, v - v.abs() * 0.1, v + v.abs() * 0.1)).collect();
    let rows = shown.iter().map(|v| (name.to_string(), Some(*v))).collect();
    let arms: Vec<cost::ArmCost> =
        shown.iter().map(|v| cost::ArmCost { name: name.into(), cost: v.value, quality: *v }).collect();
    let lines = vec![("t2i".to_string(), (1..).zip(shown.iter().copied()).collect())];
    let arm = hits::Arm { name: name.into(), reference: true, lines };
    let slopes: Vec<ema::Slope> = shown
        .iter()
        .map(|v| ema::Slope { name: name.into(), raw: *v, ema: *v, seeds: vec![(v.value, v.value)] })
        .collect();
    let rates = values.iter().enumerate().map(|(i, v)| (format!("image.blocks.{i}"), *v)).collect();
    let bar = phases::Bar { name: name.into(), seconds: values.to_vec() };
    let names: Vec<String> = values.iter().map(|v| format!("phase {v}")).collect();
    let axis =
        parallel::Coordinate { title: name.into(), values: values.iter().map(f64::to_string).collect() };
    let matrix = similarity::Matrix { when: name.into(), columns: 2, values: values.to_vec() };
    let matrices = [matrix.clone(), matrix];
    let axes = cost::Axes { x: name, y: name, unit: Unit::Seconds, up: Some(false) };
    vec![
        forest::forest(&[block(rows)], name, 120.0),
        cost::cost(&arms, axes, SIZE),
        hits::hits(&[arm], 120.0),
        ema::ema(&slopes, name, SIZE),
        layers::layers(&[layers::Rates { name: name.into(), rates }], 120.0),
        phases::phases(&[bar], &names, 120.0),
        parallel::parallel(&[axis], (name, values), SIZE),
        similarity::similarity(&[similarity::Pair { name: name.into(), matrices }], 120.0),
    ]
}

#[test]
fn nothing_breaks_a_form() {
    let cases: [&[f64]; 7] = [
        &[],
        &[1.0],
        &[2.0, 2.0, 2.0],
        &[1e300, -1e300, 1.0],
        &[f64::NAN, f64::INFINITY, 3.0, f64::NEG_INFINITY],
        &[1e-12, 2e-12],
        &[0.0, -5.0],
    ];
    let mut drawn = 0;
    for values in cases {
        for (form, scene) in all(values).into_iter().enumerate() {
            // Either an error or a complete drawing.
            let Ok(scene) = scene else { continue };
            let text = svg(&scene);
            let document = roxmltree::Document::parse(&text).expect("it is XML");
            for node in document.descendants() {
                for attribute in node.attributes() {
                    let broken = ["NaN", "inf"].iter().any(|bad| attribute.value().contains(bad));
                    assert!(!broken, "form {form} of {values:?}: {attribute:?}");
                }
            }
            assert_eq!(text, svg(&scene));
            drawn += 1;
        }
    }
    assert!(drawn >= 25, "only {drawn} were drawn");
}

/// The reference is named beside its arm, and the grey lines in the heading: nothing is written on the plot.
#[test]
fn the_reference_of_hits_is_named_outside_the_plot() {
    let arm = |name: &str, reference| {
        let points = vec![(1, value(10.0, 8.0, 12.0)), (5, value(40.0, 30.0, 50.0))];
        hits::Arm { name: name.into(), reference, lines: vec![("t2i".to_string(), points)] }
    };
    let scene = hits::hits(&[arm("clip n=3", true), arm("siglip n=3", false)], 120.0).expect("drawn");
    let texts: Vec<&str> = scene
        .items
        .iter()
        .filter_map(|item| match &item.shape {
            Shape::Text(_, text, ..) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(texts.contains(&"queries with a hit (%) ↑ · grey: clip n=3"), "{texts:?}");
    assert!(texts.contains(&"clip n=3 (reference)") && texts.contains(&"siglip n=3"), "{texts:?}");
    assert!(!texts.contains(&"reference"), "{texts:?}");
    // Glyph outlines replace every text, also around the arrow: what remains is invisible and can be selected.
    let shown = svg(&scene);
    let document = roxmltree::Document::parse(&shown).expect("it is XML");
    let mut texts = document.descendants().filter(|node| node.has_tag_name("text"));
    assert!(texts.all(|text| text.attribute("fill-opacity") == Some("0")), "{shown}");
}

/// Cells are at their row and column, and equal values have equal colours in both matrices.
#[test]
fn a_matrix_is_read_back() {
    let matrix =
        |values: [f64; 4]| similarity::Matrix { when: "step".into(), columns: 2, values: values.to_vec() };
    let matrices = [matrix([0.1, 0.9, -0.3, f64::NAN]), matrix([0.9, 0.1, 0.1, -0.3])];
    let scene =
        similarity::similarity(&[similarity::Pair { name: "run".into(), matrices }], 85.0).expect("drawn");
    let cells: Vec<_> = scene
        .items
        .iter()
        .filter_map(|item| match &item.shape {
            Shape::Area(corners) => Some((corners[0], corners[2], item.colour)),
            _ => None,
        })
        .take(8)
        .collect();
    assert!(cells[1].0.0 == cells[0].1.0 && cells[1].0.1 == cells[0].0.1, "the second is right of the first");
    assert!(cells[2].0.1 == cells[0].1.1 && cells[2].0.0 == cells[0].0.0, "the third is below it");
    let colours: Vec<[u8; 3]> = cells.iter().map(|cell| cell.2).collect();
    assert_eq!((colours[0], colours[1], colours[2]), (colours[5], colours[4], colours[7]));
    assert!(
        colours[0] != colours[1] && !colours[4..].contains(&colours[3]),
        "what is missing looks like nothing else"
    );
    assert!(scene.items.iter().all(|item| match &item.shape {
        Shape::Area(corners) | Shape::Line(corners, _) =>
            corners.iter().all(|(x, y)| { (0.0..=scene.wide).contains(x) && (0.0..=scene.high).contains(y) }),
        _ => true,
    }));
}

#[test]
fn only_the_classes_with_most_errors_are_drawn() {
    use clip_lab_chart::export::forms::confusion::{Confusion, MOST, confusion};
    let many = 200;
    let mut of = Confusion {
        title: "model on data".into(),
        classes: (0..many).map(|class| format!("class {class}")).collect(),
        counts: vec![0; many * many],
    };
    for class in 0..many {
        of.counts[class * many + class] = 10;
    }
    of.counts[150 * many + 199] = 5;
    let shown = of.shown();
    assert_eq!(shown.len(), MOST);
    assert!(shown.contains(&150) && shown.contains(&199) && shown.is_sorted(), "{shown:?}");
    assert!(confusion(&of, 175.0).unwrap().high > 100.0);
    assert!(confusion(&of, 40.0).unwrap_err().to_string().contains("make the chart wider"));
    of.counts.pop();
    assert!(confusion(&of, 175.0).is_err());
}
