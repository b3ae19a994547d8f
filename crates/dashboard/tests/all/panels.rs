//! The panels: snapshots at three sizes, and that no data and no size make them panic or draw outside their area.

mod data;

use clip_lab_dashboard::{
    app::{MatrixMode, Selection},
    data::panels::{Layers, Panels, Phases, SystemMetric, SystemStats},
    images::Gallery,
    panels as drawn,
    theme::{Depth, Theme},
};
use clip_lab_store::RunId;
use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, layout::Rect};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn text(width: u16, height: u16, draw: impl FnOnce(Rect, &mut Buffer)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    terminal.draw(|frame| draw(frame.area(), frame.buffer_mut())).expect("memory can be drawn on");
    terminal.backend().to_string()
}

fn at_all_sizes(name: &str, draw: impl Fn(Rect, &mut Buffer)) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(width, height, &draw));
    }
}

#[test]
fn similarity_is_readable() {
    let (run, other) = (data::probes(1, "lit", 16), data::probes(2, "base", 16));
    let theme = Theme::new(Depth::True);
    let selection = Selection { back: 1, ..Selection::default() };
    at_all_sizes("similarity", |area, buf| {
        drawn::similarity::draw(Some(&run), Some(&other), &selection, area, &theme, buf);
    });
    for (name, theme) in [("shades", Theme::new(Depth::None)), ("ascii", Theme::new(Depth::None).in_ascii())]
    {
        for (mode, label) in [
            (MatrixMode::Cosine, "cosine"),
            (MatrixMode::Softmax, "softmax"),
            (MatrixMode::Difference, "difference"),
        ] {
            let selection = Selection { mode, ..Selection::default() };
            let shown = text(80, 24, |area, buf| {
                drawn::similarity::draw(Some(&run), Some(&other), &selection, area, &theme, buf);
            });
            insta::assert_snapshot!(format!("similarity_{name}_{label}"), shown);
        }
    }
}

#[test]
fn every_entry_of_a_matrix_has_the_colour_of_its_number() {
    let run = data::probes(1, "lit", 4);
    let area = Rect::new(0, 0, 60, 12);
    let mut buf = Buffer::empty(area);
    drawn::similarity::draw(
        Some(&run),
        None,
        &Selection::default(),
        area,
        &Theme::new(Depth::True),
        &mut buf,
    );
    let green = |at: (u16, u16)| match buf[at].fg {
        ratatui::style::Color::Rgb(_, green, _) => green,
        other => panic!("expected an RGB colour, not {other:?} at {at:?}"),
    };
    // An entry is five columns by five half lines: matching pairs are brighter than their neighbours.
    for (right, wrong) in [((0, 1), (5, 1)), ((4, 2), (5, 2)), ((10, 6), (15, 6)), ((14, 7), (9, 7))] {
        assert!(green(right) > green(wrong), "{right:?} {wrong:?}");
    }
    assert_eq!(green((0, 1)), green((4, 2)), "one entry has one colour");
}

#[test]
fn images_are_readable() {
    let (run, other) = (data::probes(1, "lit", 8), data::probes(2, "base", 8));
    let (panels, off, shown) = (data::thumbnails(), Gallery::off(), Gallery::halfblocks());
    let theme = Theme::new(Depth::True);
    at_all_sizes("images_off", |area, buf| {
        drawn::images::draw(Some(&run), None, (&panels, &off), &Selection::default(), area, &theme, buf);
    });
    let selection = Selection { worst: true, ..Selection::default() };
    let draw = |area: Rect, buf: &mut Buffer| {
        drawn::images::draw(Some(&run), Some(&other), (&panels, &shown), &selection, area, &theme, buf);
    };
    for (width, height) in SIZES {
        text(width, height, draw);
        shown.wait_until_ready();
    }
    at_all_sizes("images_worst_first", draw);
    let ascii = Theme::new(Depth::None).in_ascii();
    let plain = text(80, 24, |area, buf| {
        drawn::images::draw(Some(&run), Some(&other), (&panels, &off), &selection, area, &ascii, buf);
    });
    assert!(
        plain.is_ascii() || plain.chars().all(|c| c.is_ascii() || c == '“' || c == '”' || c == '…'),
        "{plain}"
    );
}

#[test]
fn temperature_layers_phases_and_system_are_readable() {
    let theme = Theme::new(Depth::True);
    at_all_sizes("temperature", |area, buf| {
        drawn::temperature::draw(&data::scales(), None, area, &theme, buf)
    });
    at_all_sizes("layers", |area, buf| drawn::layers::draw(&[data::layers()], None, area, &theme, buf));
    let narrow = text(40, 9, |area, buf| drawn::layers::draw(&[data::layers()], None, area, &theme, buf));
    insta::assert_snapshot!("layers_folded", narrow);
    at_all_sizes("phases", |area, buf| drawn::phases::draw(&data::phases(), area, &theme, buf));
    at_all_sizes("system", |area, buf| drawn::system::draw(&data::system(), area, &theme, buf));
    let runs = data::averaged();
    at_all_sizes("ema", |area, buf| drawn::ema::draw(&runs, Some(1), area, &theme, buf));
}

#[test]
fn empty_panels_name_what_records_their_data() {
    let theme = Theme::new(Depth::True);
    let panels = Panels::default();
    let (off, selection) = (Gallery::off(), Selection::default());
    let all = [
        text(60, 4, |area, buf| drawn::similarity::draw(None, None, &selection, area, &theme, buf)),
        text(60, 4, |area, buf| {
            drawn::images::draw(None, None, (&panels, &off), &selection, area, &theme, buf)
        }),
        text(60, 4, |area, buf| drawn::temperature::draw(&[], None, area, &theme, buf)),
        text(60, 4, |area, buf| drawn::layers::draw(&[], None, area, &theme, buf)),
        text(60, 4, |area, buf| drawn::phases::draw(&[], area, &theme, buf)),
        text(60, 4, |area, buf| drawn::system::draw(&[], area, &theme, buf)),
        text(60, 4, |area, buf| drawn::ema::draw(&[], None, area, &theme, buf)),
    ];
    insta::assert_snapshot!("nothing_to_show", all.join("\n"));
}

/// Draws into a part of a larger screen and checks that the rest is unchanged.
fn nothing_outside(area: Rect, draw: impl FnOnce(Rect, &mut Buffer)) {
    let whole = Rect::new(0, 0, 130, 50);
    let mut buf = Buffer::empty(whole);
    whole.positions().for_each(|at| {
        buf[at].set_char('~');
    });
    draw(area, &mut buf);
    for at in whole.positions().filter(|at| !area.contains(*at)) {
        assert_eq!(buf[at].symbol(), "~", "{at:?} lies outside of {area:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_data_and_no_area_make_a_panel_panic_or_draw_outside(
        (x, y, width, height) in (0u16..60, 0u16..25, 0u16..70, 0u16..25),
        run in data::any_probes(),
        other in data::any_probes(),
        mode in prop_oneof![Just(MatrixMode::Cosine), Just(MatrixMode::Softmax), Just(MatrixMode::Difference)],
        (back, query, worst) in (0usize..4, 0usize..4, any::<bool>()),
        (values, clamp) in (proptest::collection::vec(data::any_value(), 0..30), proptest::option::of(data::any_value())),
        depth in prop_oneof![Just(Depth::None), Just(Depth::Sixteen), Just(Depth::Many), Just(Depth::True)],
        ascii: bool,
    ) {
        let theme = if ascii { Theme::new(depth).in_ascii() } else { Theme::new(depth) };
        let (area, selection) = (Rect { x, y, width, height }, Selection { back, mode, worst, query });
        let (panels, off) = (data::thumbnails(), Gallery::off());
        nothing_outside(area, |area, buf| drawn::similarity::draw(Some(&run), Some(&other), &selection, area, &theme, buf));
        nothing_outside(area, |area, buf| {
            drawn::images::draw(Some(&run), Some(&other), (&panels, &off), &selection, area, &theme, buf);
        });
        let scales = [data::scale("名前 of a run", 1, &values, clamp)];
        nothing_outside(area, |area, buf| drawn::temperature::draw(&scales, Some(1), area, &theme, buf));
        let rates = values.iter().enumerate().map(|(i, rate)| (format!("image.层.{i}"), *rate)).collect();
        let layers = [Layers { rates, ..data::layers() }];
        nothing_outside(area, |area, buf| drawn::layers::draw(&layers, Some(RunId(1)), area, &theme, buf));
        let of = |i: usize| values.get(i).copied();
        let phases = vec![Phases {
            name: "名前".to_string(), colour: Some(9), wait: of(0), update: of(1), forward: of(2), backward: of(3),
            optimizer: of(4), pairs: of(5), mfu: of(6),
        }; 3];
        nothing_outside(area, |area, buf| drawn::phases::draw(&phases, area, &theme, buf));
        let metric = SystemMetric { name: "system/cpu".to_string(), last: of(0).unwrap_or(0.0), max: of(1).unwrap_or(0.0), values };
        let system = vec![SystemStats { name: "a".to_string(), colour: None, metrics: vec![metric] }; 2];
        nothing_outside(area, |area, buf| drawn::system::draw(&system, area, &theme, buf));
        nothing_outside(area, |area, buf| {
            // Tables write the visible range of lines on the border below them.
            let inside = Rect { height: area.height.saturating_sub(1), ..area };
            drawn::ema::draw(&data::averaged(), Some(0), inside, &theme, buf);
        });
    }

    #[test]
    fn images_stay_in_their_frames((x, y, width, height) in (0u16..60, 0u16..25, 0u16..70, 0u16..25)) {
        let (run, panels, gallery) = (data::probes(1, "lit", 4), data::thumbnails(), Gallery::halfblocks());
        let (theme, area) = (Theme::new(Depth::True), Rect { x, y, width, height });
        for _ in 0..2 {
            nothing_outside(area, |area, buf| {
                drawn::images::draw(Some(&run), None, (&panels, &gallery), &Selection::default(), area, &theme, buf);
            });
            gallery.wait_until_ready();
        }
    }
}
