//! Which runs the charts draw, and charts of any metric: by keys, without a terminal.

use std::{collections::HashSet, path::Path};

use clip_lab_chart::{Layout, filter::Filter, layout};
use clip_lab_dashboard::{
    app::{App, Next},
    feed::Feed,
    store_action::{StoreAction, execute},
    theme::{Depth, Theme},
    view,
};
use clip_lab_store::{NewRun, Recorder, Status, Tick, new_uid};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent},
    layout::Rect,
};

/// Two runs per arm of twelve; the best is the oldest.
const RUNS: u64 = 24;

fn store(folder: &Path) -> std::path::PathBuf {
    let store = folder.join("clip-lab.db");
    for number in 0..RUNS {
        let uid = new_uid();
        let run = NewRun {
            name: format!("run-{number:02}"),
            study: Some("many".to_string()),
            arm: Some(format!("arm-{:02}", number / 2)),
            seed: number % 2,
            total_steps: Some(3),
            goal_metric: Some("val/loss".to_string()),
            uid,
            ..NewRun::default()
        };
        let recorder = Recorder::start(&store, run).expect("a new store can be written");
        for step in 0..4 {
            let value = number as f64 + 1.0 / (step + 1) as f64;
            let tick = Tick { step, epoch: step as f64, samples: step };
            recorder.log(tick, &[("train/loss", value), ("val/loss", value), ("odd/share_of_zeros", value)]);
        }
        recorder.finish(Status::Finished, None);
    }
    store
}

struct Fixture {
    _folder: tempfile::TempDir,
    store: std::path::PathBuf,
    app: App,
    feed: Feed,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let mut app = App::new(Layout::live(), None, false);
    app.size = Rect::new(0, 0, 160, 50);
    let feed = Feed::new(store.clone(), Layout::live(), Filter::default());
    let mut fixture = Fixture { _folder: folder, store, app, feed };
    fixture.read();
    fixture
}

impl Fixture {
    fn read(&mut self) {
        let snapshot = self.feed.poll(&self.app.feed_request(160), true).expect("something to show");
        assert_eq!(snapshot.error, None);
        self.app.update(snapshot);
    }

    fn keys(&mut self, text: &str) -> Next {
        let next = text.chars().map(|c| self.key(KeyCode::Char(c))).last().unwrap_or(Next::Stay);
        self.read();
        next
    }

    fn key(&mut self, code: KeyCode) -> Next {
        self.app.press(KeyEvent::from(code))
    }

    fn command(&mut self, text: &str) -> Next {
        self.keys(":");
        self.keys(text);
        let next = self.key(KeyCode::Enter);
        self.read();
        next
    }

    fn shown(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(160, 50)).expect("memory");
        let theme = Theme::new(Depth::True);
        let draw =
            |frame: &mut ratatui::Frame| view::draw(&self.app, 0, &theme, frame.area(), frame.buffer_mut());
        terminal.draw(draw).expect("memory can be drawn on");
        terminal.backend().to_string()
    }

    /// The names of the runs that are drawn, in the order of the snapshot.
    fn drawn(&self) -> Vec<&str> {
        let runs = self.app.snapshot.runs.iter().filter(|run| run.colour.is_some());
        runs.map(|run| run.name.as_str()).collect()
    }

    fn colours(&self) -> HashSet<usize> {
        self.app.snapshot.runs.iter().filter_map(|run| run.colour).collect()
    }
}

#[test]
fn a_chart_says_how_many_of_the_runs_it_draws_and_a_key_draws_all() {
    let mut fixture = fixture();
    assert_eq!(fixture.drawn().len(), 8);
    let shown = fixture.shown();
    assert!(shown.contains("8 of 24 runs drawn · a draws all"), "{shown}");
    fixture.keys("a");
    assert_eq!(
        (fixture.drawn().len(), fixture.colours().len()),
        (24, 24),
        "each with its own colour and dash"
    );
    let shown = fixture.shown();
    assert!(shown.contains("all 24 runs drawn · a draws 8"), "{shown}");
    fixture.keys("a");
    assert_eq!(fixture.drawn().len(), 8);
    assert!(fixture.colours().iter().all(|colour| *colour < 8), "a few runs use the palette's colours");
}

#[test]
fn hidden_runs_come_back_with_the_same_key() {
    let mut fixture = fixture();
    fixture.keys("A");
    assert!(fixture.drawn().is_empty());
    assert!(fixture.shown().contains("0 of 24 runs drawn"));
    fixture.keys("a");
    assert_eq!(fixture.drawn().len(), 24);
}

#[test]
fn what_is_selected_pinned_or_sorted_first_is_drawn() {
    let mut fixture = fixture();
    assert!(!fixture.drawn().contains(&"run-00"));
    fixture.key(KeyCode::Home);
    fixture.key(KeyCode::End);
    fixture.read();
    assert!(
        fixture.drawn().contains(&"run-00") && fixture.drawn().len() == 8,
        "the selected one: {:?}",
        fixture.drawn()
    );
    fixture.keys("p");
    fixture.key(KeyCode::Home);
    fixture.read();
    assert!(
        fixture.drawn().contains(&"run-00") && fixture.drawn().contains(&"run-23"),
        "{:?}",
        fixture.drawn()
    );
    fixture.keys("p");
    let before: Vec<String> = fixture.drawn().iter().map(|name| name.to_string()).collect();
    fixture.command("sort loss");
    assert_eq!(fixture.drawn()[1..], ["run-06", "run-05", "run-04", "run-03", "run-02", "run-01", "run-00"]);
    assert_ne!(fixture.drawn(), before);
    assert_eq!(fixture.colours().len(), 8, "no two share a colour");
    fixture.command("filter run-1");
    assert_eq!(fixture.drawn().len(), 8);
    assert!(fixture.shown().contains("8 of 10 runs drawn"), "{}", fixture.shown());
}

#[test]
fn a_run_keeps_its_colour_while_others_come_and_go() {
    let mut fixture = fixture();
    let of = |fixture: &Fixture, name: &str| {
        fixture.app.snapshot.runs.iter().find(|run| run.name == name).and_then(|run| run.colour)
    };
    let before = of(&fixture, "run-20");
    for _ in 0..RUNS {
        fixture.keys("j");
        assert_eq!(of(&fixture, "run-20"), before);
        assert_eq!(fixture.colours().len(), 8);
    }
}

#[test]
fn groups_are_counted_like_runs() {
    let mut fixture = fixture();
    fixture.keys("g");
    let shown = fixture.shown();
    assert!(shown.contains("8 of 12 groups drawn · a draws all"), "{shown}");
    assert_eq!((fixture.drawn().len(), fixture.colours().len()), (16, 8));
    fixture.key(KeyCode::Home);
    fixture.key(KeyCode::End);
    fixture.read();
    assert!(
        fixture.drawn().contains(&"run-00") && fixture.drawn().contains(&"run-01"),
        "{:?}",
        fixture.drawn()
    );
    fixture.keys("a");
    assert_eq!((fixture.drawn().len(), fixture.colours().len()), (24, 12));
}

#[test]
fn any_metric_is_two_keys_away() {
    let mut fixture = fixture();
    let panels = fixture.app.panels().count();
    fixture.keys("+");
    let shown = fixture.shown();
    assert!(shown.contains("odd/share_of_zeros") && shown.contains("24 runs"), "{shown}");
    fixture.key(KeyCode::Enter);
    fixture.read();
    assert_eq!(fixture.app.panels().count(), panels + 1);
    assert_eq!(fixture.app.focus, panels, "it has the focus");
    let chart = fixture.app.chart(panels).expect("it was read");
    assert!(!chart.rows.is_empty() && fixture.shown().contains("odd/share_of_zeros"), "{}", fixture.shown());
    // Other views are unchanged, and their charts are read again.
    fixture.keys("2");
    let title =
        |fixture: &Fixture, panel: usize| fixture.app.panels().nth(panel).map(|panel| panel.title.clone());
    assert_eq!(title(&fixture, 0).as_deref(), Some("Training loss"));
    assert!(!fixture.app.chart(0).expect("read").rows.is_empty());
    assert!(fixture.app.chart(1).expect("read").rows.is_empty(), "nobody recorded an accuracy");
    fixture.keys("1");
    assert_eq!(fixture.app.panels().count(), panels + 1, "it is kept for the session");
}

#[test]
fn the_list_of_metrics_is_searched_and_closes_what_it_added() {
    let mut fixture = fixture();
    let panels = fixture.app.panels().count();
    fixture.keys("+/zeros");
    assert!(!fixture.shown().contains("24 runs        8"), "only what fits is listed");
    fixture.key(KeyCode::Enter);
    fixture.read();
    assert_eq!(fixture.app.panels().count(), panels + 1);
    fixture.keys("+zeros");
    assert!(fixture.shown().contains("shown"));
    fixture.key(KeyCode::Enter);
    fixture.read();
    assert_eq!(fixture.app.panels().count(), panels);
    assert!(fixture.shown().contains("closed the chart of odd/share_of_zeros"), "{}", fixture.shown());
    assert!(!fixture.app.chart(1).expect("read").rows.is_empty(), "the others are drawn as before");
    fixture.keys("+nothing-like-this");
    assert!(fixture.shown().contains("nothing found"));
    fixture.key(KeyCode::Enter);
    assert_eq!(fixture.app.panels().count(), panels);
}

#[test]
fn a_command_charts_a_metric_by_name_with_completion() {
    let mut fixture = fixture();
    let panels = fixture.app.panels().count();
    fixture.keys(":chart od");
    fixture.key(KeyCode::Tab);
    assert!(fixture.shown().contains(":chart odd/share_of_zeros"), "{}", fixture.shown());
    fixture.key(KeyCode::Enter);
    assert_eq!(fixture.app.panels().count(), panels + 1);
    fixture.command("chart odd/share_of_zero");
    assert!(fixture.shown().contains("did you mean `odd/share_of_zeros`?"), "{}", fixture.shown());
    fixture.command("chart */loss");
    assert_eq!(fixture.app.panels().count(), panels + 2);
    assert_eq!(fixture.app.chart(panels + 1).expect("read").rows.len(), 16, "two metrics of eight runs");
    fixture.command("chart */loss");
    assert_eq!(fixture.app.panels().count(), panels + 2, "once is enough");
}

#[test]
fn metrics_of_different_units_do_not_share_an_axis_silently() {
    let mut fixture = fixture();
    let panels = fixture.app.panels().count();
    fixture.command("chart *");
    let chart = fixture.app.chart(panels).expect("read");
    assert_eq!(chart.left_out, ["train/loss", "val/loss"]);
    assert_eq!(chart.rows.len(), 8);
    assert!(
        fixture.shown().contains("not drawn, different unit: train/loss, val/loss"),
        "{}",
        fixture.shown()
    );
}

#[test]
fn a_layout_is_saved_beside_the_store_and_read_again() {
    let mut fixture = fixture();
    fixture.command("chart odd/share_of_zeros");
    let Next::Store(action) = fixture.command("layout save mine") else { panic!("it is written") };
    let message = execute(&fixture.store, &action);
    assert!(message.ok, "{message:?}");
    let found = layout::find(&fixture.store, Path::new("mine")).expect("beside the store");
    assert_eq!(layout::check(&found).as_ref(), Ok(&fixture.app.layout));
    assert!(execute(&fixture.store, &action).ok, "written over by the same command");
    std::fs::write(&found, "title = \"of somebody else\"").expect("written");
    let message = execute(&fixture.store, &action);
    assert!(!message.ok && message.text.contains("choose another name"), "{message:?}");
    for name in ["../x", "a/b", ".x", ""] {
        let action = StoreAction::SaveLayout { name: name.to_string(), text: String::new() };
        assert!(!execute(&fixture.store, &action).ok, "{name}");
        assert_eq!(fixture.command(&format!("layout save {name}")), Next::Stay);
    }
}

#[test]
fn escape_closes_and_never_leaves() {
    let mut fixture = fixture();
    fixture.keys("e");
    assert_eq!((fixture.key(KeyCode::Esc), fixture.app.expanded), (Next::Stay, false));
    assert_eq!(fixture.key(KeyCode::Esc), Next::Stay);
    assert!(fixture.shown().contains("nothing is open; press q to leave"), "{}", fixture.shown());
    assert_eq!(fixture.key(KeyCode::Esc), Next::Stay);
    assert_eq!(fixture.keys("q"), Next::Leave);
}

#[test]
fn the_console_log_of_the_selected_run_is_a_view() {
    let mut fixture = fixture();
    let newest = fixture.app.snapshot.runs[0].row.uid.clone();
    let folder = fixture.store.with_file_name(&newest);
    std::fs::create_dir_all(&folder).expect("made");
    let lines: String = (0..200).map(|i| format!("step {i} of 200\n")).collect();
    std::fs::write(folder.join("log.txt"), lines).expect("written");
    fixture.command("view log");
    let shown = fixture.shown();
    assert!(shown.contains("step 199 of 200") && !shown.contains("step 100 of"), "{shown}");
    fixture.app.press(KeyEvent::from(KeyCode::Home));
    assert!(fixture.shown().contains("step 0 of 200"), "{}", fixture.shown());
    fixture.keys("1");
    fixture.key(KeyCode::Down);
    fixture.key(KeyCode::Down);
    fixture.keys("8");
    assert!(fixture.shown().contains("no console log"), "{}", fixture.shown());
}
