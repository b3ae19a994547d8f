//! The dashboard at every size: snapshots, and that nothing makes it panic.

use clip_lab_chart::{
    Layout,
    figure::{NonFinite, Rows},
    filter::Filter,
};
use clip_lab_dashboard::{
    app::{App, Next},
    data::{Chart, FeedRequest, Run, Snapshot},
    feed::Feed,
    theme::{Depth, Theme},
    view,
};
use clip_lab_store::{Axis, Bucket, Goal, NewEvaluation, RunId, RunRow, SeriesRow, Status, Store};
use clip_lab_testing::runs;
use proptest::prelude::*;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
    layout::Rect,
};

/// The time of all snapshots.
const NOW: i64 = 1_800_000_000_000;

/// The snapshot of the fixture's store, with everything that depends on the machine set to fixed values.
fn fixture() -> Snapshot {
    read(&FeedRequest { buckets: 240, ..FeedRequest::default() })
}

fn read(want: &FeedRequest) -> Snapshot {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let mut feed = Feed::new(store, Layout::live(), Filter::default());
    let mut snapshot = feed.poll(want, true).expect("something to show");
    assert_eq!(snapshot.error, None);
    for (run, active) in snapshot.runs.iter_mut().zip([152_000, 75_000, 170_000, 242_000]) {
        run.row.active_ms = active;
        run.row.rate = Some(8.125);
        (run.row.host, run.row.pid) = ("lab".to_string(), 4321);
        run.row.dir = format!("/runs/{}", run.name).into();
    }
    for (event, at) in snapshot.events.iter_mut().rev().zip((0..).map(|i| NOW - i * 12_000)) {
        event.row.at_ms = at;
    }
    snapshot
}

fn app(snapshot: Snapshot) -> App {
    let mut app = App::new(Layout::live(), None, false);
    app.update(snapshot);
    app
}

fn shown(app: &App, width: u16, height: u16, depth: Depth) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    let theme = Theme::new(depth);
    terminal
        .draw(|frame| view::draw(app, NOW, &theme, frame.area(), frame.buffer_mut()))
        .expect("memory can be drawn on");
    // The backend divides by the width.
    if width == 0 { String::new() } else { terminal.backend().to_string() }
}

fn press(app: &mut App, keys: &str) -> Next {
    keys.chars().map(|c| app.press(KeyEvent::from(KeyCode::Char(c)))).last().unwrap_or(Next::Stay)
}

fn tab(app: &mut App, times: usize) {
    (0..times).for_each(|_| {
        app.press(KeyEvent::from(KeyCode::Tab));
    });
}

#[test]
fn every_view_is_readable_on_a_small_and_on_a_large_screen() {
    let mut app = app(fixture());
    for key in '2'..='7' {
        press(&mut app, &key.to_string());
        app.update(read(&app.feed_request(120)));
        let title = app.layout.views[app.view].title.to_lowercase().replace(' ', "_");
        for (width, height) in [(80, 24), (120, 40)] {
            let shown = shown(&app, width, height, Depth::True);
            insta::assert_snapshot!(format!("{title}_{width}x{height}"), shown);
        }
    }
}

#[test]
fn it_is_readable_at_three_sizes() {
    let mut app = app(fixture());
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(format!("{width}x{height}"), shown(&app, width, height, Depth::True));
    }
    tab(&mut app, 3);
    insta::assert_snapshot!("80x24_second_page", shown(&app, 80, 24, Depth::True));
    tab(&mut app, 3);
    press(&mut app, "els");
    insta::assert_snapshot!("80x24_expanded_log", shown(&app, 80, 24, Depth::Sixteen));
    insta::assert_snapshot!("40x10", shown(&app, 40, 10, Depth::None));
    insta::assert_snapshot!("30x6", shown(&app, 30, 6, Depth::None));
}

#[test]
fn help_and_the_question_before_leaving() {
    let snapshot = fixture();
    let own = snapshot.runs[0].row.uid.clone();
    let mut app = App::new(Layout::live(), Some(own), true);
    app.update(snapshot);
    assert_eq!(app.selected().map(|run| run.name.as_str()), Some("lit-ema"));
    press(&mut app, "?");
    insta::assert_snapshot!("help", shown(&app, 80, 24, Depth::True));
    app.press(KeyEvent::from(KeyCode::Esc));
    assert_eq!(press(&mut app, "q"), Next::Stay);
    insta::assert_snapshot!("question", shown(&app, 80, 24, Depth::True));
    assert_eq!(press(&mut app, "c"), Next::Stay);
    assert_eq!(press(&mut app, "qk"), Next::Leave);
    assert_eq!(press(&mut app, "qs"), Next::Stop);
}

#[test]
fn a_run_that_has_ended_is_left_without_a_question() {
    let mut snapshot = fixture();
    snapshot.runs[0].row.status = Status::Finished;
    let own = snapshot.runs[0].row.uid.clone();
    let mut app = App::new(Layout::live(), Some(own), true);
    app.update(snapshot);
    assert_eq!(press(&mut app, "q"), Next::Leave);
}

#[test]
fn a_run_can_be_hidden_and_shown_again() {
    let mut app = app(fixture());
    let before = shown(&app, 120, 40, Depth::True);
    press(&mut app, "j ");
    let hidden = shown(&app, 120, 40, Depth::True);
    let on_chart = |screen: &str| screen.lines().filter(|line| line.contains("lit-ema 2.")).count();
    assert_eq!((on_chart(&before), on_chart(&hidden)), (1, 0), "{before}");
    assert_eq!(app.feed_request(120).hidden.len(), 1);
    press(&mut app, " ");
    assert!(app.hidden.is_empty());
}

#[test]
fn an_unreadable_store_is_an_error_on_the_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("none.db");
    let mut feed = Feed::new(store.clone(), Layout::live(), Filter::default());
    let mut screen = app(feed.poll(&FeedRequest::default(), true).expect("the error"));
    assert!(shown(&screen, 80, 24, Depth::True).contains("there is no store at"));
    assert!(feed.poll(&FeedRequest::default(), false).is_none(), "reported only once");

    std::fs::write(&store, "this is no database, but it is long enough to look like a file of some kind")
        .expect("written");
    screen.update(feed.poll(&FeedRequest::default(), true).expect("another error"));
    assert!(shown(&screen, 80, 24, Depth::True).contains("is not a clip-lab store"));

    std::fs::remove_file(&store).expect("removed");
    drop(runs::record_run(&store, &runs::SCENARIOS[2]));
    screen.update(feed.poll(&FeedRequest::default(), true).expect("it is there now"));
    assert_eq!(screen.snapshot.error, None);
    assert_eq!(screen.snapshot.runs.len(), 1);

    std::fs::remove_file(&store).expect("removed");
    screen.update(feed.poll(&FeedRequest::default(), false).expect("it is gone"));
    let text = shown(&screen, 80, 24, Depth::True);
    assert!(text.contains("there is no store at") && text.contains("lit-lr-3e-3"), "{text}");
}

#[test]
fn what_a_run_was_evaluated_on_after_training_is_in_its_overview() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, _live) = runs::fixture(folder.path());
    let mut feed = Feed::new(path.clone(), Layout::live(), Filter::parse("lit-mean").expect("a name"));
    let mut app = App::new(Layout::live(), None, false);
    press(&mut app, "6");
    app.update(feed.poll(&app.feed_request(120), true).expect("the run"));
    app.update(feed.poll(&app.feed_request(120), true).expect("its details"));
    assert!(!shown(&app, 160, 60, Depth::True).contains("Evaluations after training"));

    let store = Store::open(&path).expect("the store");
    let evaluation = NewEvaluation {
        name: "cifar10-test".to_string(),
        step: 1800,
        weights: "ema".to_string(),
        data: "0123456789abcdef".to_string(),
        settings: serde_json::json!({ "data": "data/cifar10", "split": "test", "templates": "openai80" }),
        metrics: vec![("zero_shot/top1".to_string(), 0.375, Goal::Up)],
        ranks: Vec::new(),
    };
    store.evaluate(app.snapshot.runs[0].row.id, &evaluation).expect("recorded");
    app.update(feed.poll(&app.feed_request(120), false).expect("the store has changed"));
    let text = shown(&app, 160, 60, Depth::True);
    for expected in [
        "Evaluations after training",
        "cifar10-test",
        "(01234567), ema weights",
        "of step 1800",
        "zero_shot/top1",
        "0.375",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
fn a_run_that_has_not_reached_its_store_yet_is_starting() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut feed = Feed::new(folder.path().join("none.db"), Layout::live(), Filter::default());
    let mut app = App::new(Layout::live(), Some("uid".to_string()), true);
    app.update(feed.poll(&FeedRequest::default(), true).expect("the error"));
    let text = shown(&app, 80, 24, Depth::True);
    assert!(text.contains("The run is starting") && !text.contains("there is no store"), "{text}");
}

#[test]
fn runs_are_chosen_by_name_or_uid_and_axes_by_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _live) = runs::fixture(folder.path());
    let mut feed = Feed::new(store, Layout::live(), Filter::parse("lit-cls").expect("a name"));
    let want = FeedRequest { x: Some(Axis::Epoch), buckets: 64, ..FeedRequest::default() };
    let snapshot = feed.poll(&want, true).expect("something");
    assert_eq!(snapshot.runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>(), ["lit-cls"]);
    let rows = &snapshot.charts[0].rows[0].1;
    assert!(rows.buckets.len() <= 64 && rows.buckets.iter().all(|bucket| bucket.x1 <= 28.0));
    assert_eq!(rows.per_step, 0.02);
}

#[test]
fn without_colours_nothing_is_coloured() {
    let app = app(fixture());
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("memory");
    let theme = Theme::new(Depth::None);
    terminal.draw(|frame| view::draw(&app, NOW, &theme, frame.area(), frame.buffer_mut())).expect("drawn");
    let plain = |cell: &ratatui::buffer::Cell| {
        cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset
    };
    assert!(terminal.backend().buffer().content().iter().all(plain));
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        -10.0f64..10.0,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(1e300),
        Just(-1e300),
        Just(0.0),
        Just(1e-300),
        any::<f64>()
    ]
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let bucket = (any_value(), any_value(), any_value(), 0u64..3, 0u64..2);
    proptest::collection::vec(bucket, 0..40).prop_map(|raw| {
        let bucket = |(x, a, b, n, n_bad): (f64, f64, f64, u64, u64)| Bucket {
            x0: x,
            x1: x,
            min: a.min(b),
            max: a.max(b),
            mean: (a + b) / 2.0,
            first: a,
            last: b,
            n,
            n_bad,
        };
        let buckets = raw.into_iter().map(bucket).collect();
        Rows {
            name: "a\u{1b}名".to_string(),
            colour: 1,
            dash: 1,
            per_step: 1.0,
            bad: vec![(0.5, NonFinite::Nan)],
            first_bad_step: Some(3),
            buckets,
        }
    })
}

fn any_run(id: i64, status: usize, value: f64, step: u64, total: Option<u64>) -> Run {
    let row = RunRow {
        id: RunId(id),
        uid: format!("uid{id}"),
        name: "名前 with\nlines".to_string(),
        study: None,
        arm: None,
        seed: 0,
        status: Status::ALL[status],
        reason: Some("why\tnot".to_string()),
        attempt: 1,
        started_ms: i64::MIN,
        ended_ms: None,
        heartbeat_ms: i64::MAX,
        step,
        epoch: value,
        samples: u64::MAX,
        total_steps: total,
        rate: Some(value),
        active_ms: -5,
        goal_metric: Some("train/loss".to_string()),
        dir: "x".into(),
        host: String::new(),
        pid: 0,
    };
    let series = SeriesRow {
        name: "train/loss".to_string(),
        unit: String::new(),
        goal: Default::default(),
        n: 1,
        n_nan: 1,
        n_inf: 0,
        first_bad_step: Some(1),
        last: Some(value),
        last_step: Some(1),
        min: Some(value),
        min_step: None,
        max: Some(value),
        max_step: None,
    };
    let hits = SeriesRow { name: "val/retrieval/t2i/hit@1".to_string(), ..series.clone() };
    Run {
        name: row.name.clone(),
        row,
        series: vec![series, hits],
        details: Default::default(),
        trend: vec![value, 1.0],
        group: None,
        colour: Some(id as usize % 9),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_size_no_data_and_no_keys_make_it_panic(
        size in (0u16..210, 0u16..70),
        rows in proptest::collection::vec(any_rows(), 0..4),
        runs in proptest::collection::vec((0usize..8, any_value(), any::<u64>(), any::<Option<u64>>()), 0..30),
        keys in "[?:/.,aA=<qjk xlsetcpDvKntCGr0-9zZgboi<>\t\n\u{1b}-]{0,16}",
        clicks in proptest::collection::vec((0u16..210, 0u16..70, 0u8..3), 0..4),
        error in proptest::option::of("\\PC{0,300}"),
        depth in prop_oneof![Just(Depth::None), Just(Depth::Sixteen), Just(Depth::Many), Just(Depth::True)],
    ) {
        let runs: Vec<Run> =
            runs.into_iter().zip(0..).map(|((s, v, step, total), id)| any_run(id, s, v, step, total)).collect();
        let rows: Vec<(RunId, Rows)> = rows.into_iter().map(|rows| (RunId(1), rows)).collect();
        let charts = vec![Chart { x: Axis::WallSeconds, rows, ..Chart::default() }; 2];
        let mut app = App::new(Layout::live(), Some("uid1".to_string()), true);
        app.update(Snapshot { runs, charts, error, ..Snapshot::default() });
        app.size = Rect::new(0, 0, size.0, size.1);
        for (column, row, what) in clicks {
            let kind = match what {
                0 => MouseEventKind::Down(MouseButton::Left),
                1 => MouseEventKind::ScrollUp,
                _ => MouseEventKind::ScrollDown,
            };
            app.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        }
        for key in keys.chars() {
            let code = match key {
                '\t' => KeyCode::Tab,
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                letter => KeyCode::Char(letter),
            };
            app.press(KeyEvent::from(code));
            shown(&app, size.0, size.1, depth);
        }
        shown(&app, size.0, size.1, depth);
    }
}

#[test]
fn selecting_stops_at_the_ends_of_the_table() {
    let mut app = app(fixture());
    for _ in 0..3 {
        press(&mut app, "j");
    }
    assert_eq!(app.selected().map(|run| run.name.as_str()), Some("lit-cls"));
    press(&mut app, "jjjjk");
    assert_eq!(app.selected_index(), 2);
}
