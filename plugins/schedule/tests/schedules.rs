//! Schedules read from a spec's table, compared with the values of open_clip and big_vision.

use clip_lab_plugin_api::{Catalog, Planned, Schedule, Section, parse};

fn plan(text: &str) -> Planned<dyn Schedule> {
    let mut catalog = Catalog::default();
    plugins_schedule::register(&mut catalog);
    let section = Section::new("schedule", 0..0, parse(text.to_owned()).unwrap());
    catalog.schedule.plan(section).unwrap()
}

fn schedule(text: &str) -> Box<dyn Schedule> {
    plan(text).build(()).unwrap()
}

fn holds(schedule: &dyn Schedule, base: f64, total: u64, golden: &[(u64, f64)]) {
    for &(step, want) in golden {
        let got = base * schedule.at(step, total);
        assert!((got - want).abs() <= 1e-6 * want, "step {step}: {got}, expected {want}");
    }
}

#[test]
fn cosine_is_that_of_open_clip() {
    let golden = [(0, 5e-5), (1, 1e-4), (9, 5e-4), (11, 4.998477e-4), (55, 2.5e-4), (99, 1.522932e-7)];
    holds(&*schedule("plugin = 'cosine'\nwarmup = 10"), 5e-4, 100, &golden);
}

#[test]
fn cosine_after_the_warmup_is_that_of_big_vision_too() {
    let golden = [(11, 9.996954e-4), (55, 5e-4), (99, 3.045865e-7)];
    holds(&*schedule("plugin = 'cosine'\nwarmup = 10"), 1e-3, 100, &golden);
}

#[test]
fn cosine_with_a_floor_is_that_of_beit() {
    let golden = [(10, 6e-4), (11, 5.998176e-4), (55, 3.005e-4), (99, 1.182447e-6)];
    let floor = 1e-6 / 6e-4;
    holds(&*schedule(&format!("plugin = 'cosine'\nwarmup = 10\nfloor = {floor}")), 6e-4, 100, &golden);
}

#[test]
fn rsqrt_after_the_warmup_is_that_of_big_vision() {
    let text = "plugin = 'rsqrt'\nwarmup = 10\ntimescale = 100\ncooldown = 100";
    // The sixth of ten warmup steps; big_vision, which starts from zero, is one step behind.
    let golden = [(5, 6e-4), (11, 9.950372e-4), (110, 7.071068e-4), (950, 1.550434e-4)];
    holds(&*schedule(text), 1e-3, 1000, &golden);
    assert!((schedule(text).at(999, 1000) - 3.03e-3).abs() < 1e-5);
}

#[test]
fn wsd_is_stable_and_then_decays() {
    let text = |shape| format!("plugin = 'wsd'\nwarmup = 10\ncooldown = 20\nshape = '{shape}'");
    for (shape, halfway) in [("linear", 0.5), ("sqrt", 1.0 - 0.5f64.sqrt()), ("cosine", 0.5)] {
        let schedule = schedule(&text(shape));
        holds(&*schedule, 1.0, 100, &[(4, 0.5), (9, 1.0), (50, 1.0), (80, 1.0), (90, halfway)]);
        assert!(schedule.at(99, 100) < schedule.at(98, 100) && schedule.at(99, 100) > 0.0);
        assert_eq!(schedule.at(100, 100), 0.0);
    }
    let floored = "plugin = 'wsd'\ncooldown = 10\nfloor = 0.1";
    holds(&*schedule(floored), 1.0, 100, &[(0, 1.0), (100, 0.1)]);
}

#[test]
fn every_factor_is_finite_and_within_zero_and_one() {
    for name in ["constant", "cosine", "rsqrt", "wsd"] {
        let ramped = if ["rsqrt", "wsd"].contains(&name) { "\ncooldown = 4" } else { "" };
        for text in [format!("plugin = '{name}'"), format!("plugin = '{name}'\nwarmup = 3{ramped}")] {
            let schedule = schedule(&text);
            for total in [1, 2, 3, 4, 7, 1000] {
                for step in (0..total + 3).chain([u64::MAX]) {
                    let factor = schedule.at(step, total);
                    assert!((0.0..=1.0).contains(&factor), "{text}: {factor} at {step} of {total}");
                }
                assert!(schedule.at(0, total) > 0.0, "{text}: the first of {total} steps learns nothing");
            }
        }
    }
}

#[test]
fn the_ramps_are_declared() {
    let properties = plan("plugin = 'wsd'\nwarmup = 10\ncooldown = 20").properties;
    assert_eq!((properties.ramps, properties.key), (30, "cooldown"));
    let properties = plan("plugin = 'cosine'\nwarmup = 7").properties;
    assert_eq!((properties.ramps, properties.key), (7, "warmup"));
}

#[test]
fn invalid_settings_are_reported() {
    let mut catalog = Catalog::default();
    plugins_schedule::register(&mut catalog);
    for (text, message) in [
        ("plugin = 'cosine'\nfloor = 2.0", "[schedule].floor: must be from 0 to 1"),
        ("plugin = 'rsqrt'\ntimescale = 0", "[schedule].timescale: must be at least 1 step"),
        ("plugin = 'wsd'\nfloor = nan", "[schedule].floor: must be from 0 to 1"),
    ] {
        let section = Section::new("schedule", 0..0, parse(text.to_owned()).unwrap());
        let problems = catalog.schedule.plan(section).unwrap_err();
        assert_eq!(problems[0].message, message);
    }
}
