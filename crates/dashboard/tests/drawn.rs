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

struct Room {
    _folder: tempfile::TempDir,
    store: std::path::PathBuf,
    app: App,
    feed: Feed,
}

fn room() -> Room {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let mut app = App::new(Layout::live(), None, false);
    app.size = Rect::new(0, 0, 160, 50);
    let feed = Feed::new(store.clone(), Layout::live(), Filter::default());
    let mut room = Room { _folder: folder, store, app, feed };
    room.read();
    room
}

impl Room {
    fn read(&mut self) {
        let snapshot = self.feed.poll(&self.app.feed_request(160), true).expect("something to show");
        assert_eq!(snapshot.trouble, None);
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
    let mut room = room();
    assert_eq!(room.drawn().len(), 8);
    let shown = room.shown();
    assert!(shown.contains("8 of 24 runs drawn · a draws all"), "{shown}");
    room.keys("a");
    assert_eq!((room.drawn().len(), room.colours().len()), (24, 24), "each with its own colour and dash");
    let shown = room.shown();
    assert!(shown.contains("all 24 runs drawn · a draws 8"), "{shown}");
    room.keys("a");
    assert_eq!(room.drawn().len(), 8);
    assert!(room.colours().iter().all(|colour| *colour < 8), "a few runs use the palette's colours");
}

#[test]
fn hidden_runs_come_back_with_the_same_key() {
    let mut room = room();
    room.keys("A");
    assert!(room.drawn().is_empty());
    assert!(room.shown().contains("0 of 24 runs drawn"));
    room.keys("a");
    assert_eq!(room.drawn().len(), 24);
}

#[test]
fn what_is_selected_pinned_or_sorted_first_is_drawn() {
    let mut room = room();
    assert!(!room.drawn().contains(&"run-00"));
    room.key(KeyCode::Home);
    room.key(KeyCode::End);
    room.read();
    assert!(
        room.drawn().contains(&"run-00") && room.drawn().len() == 8,
        "the selected one: {:?}",
        room.drawn()
    );
    room.keys("p");
    room.key(KeyCode::Home);
    room.read();
    assert!(room.drawn().contains(&"run-00") && room.drawn().contains(&"run-23"), "{:?}", room.drawn());
    room.keys("p");
    let before: Vec<String> = room.drawn().iter().map(|name| name.to_string()).collect();
    room.command("sort loss");
    assert_eq!(room.drawn()[1..], ["run-06", "run-05", "run-04", "run-03", "run-02", "run-01", "run-00"]);
    assert_ne!(room.drawn(), before);
    assert_eq!(room.colours().len(), 8, "no two share a colour");
    room.command("filter run-1");
    assert_eq!(room.drawn().len(), 8);
    assert!(room.shown().contains("8 of 10 runs drawn"), "{}", room.shown());
}

#[test]
fn a_run_keeps_its_colour_while_others_come_and_go() {
    let mut room = room();
    let of = |room: &Room, name: &str| {
        room.app.snapshot.runs.iter().find(|run| run.name == name).and_then(|run| run.colour)
    };
    let before = of(&room, "run-20");
    for _ in 0..RUNS {
        room.keys("j");
        assert_eq!(of(&room, "run-20"), before);
        assert_eq!(room.colours().len(), 8);
    }
}

#[test]
fn groups_are_counted_like_runs() {
    let mut room = room();
    room.keys("g");
    let shown = room.shown();
    assert!(shown.contains("8 of 12 groups drawn · a draws all"), "{shown}");
    assert_eq!((room.drawn().len(), room.colours().len()), (16, 8));
    room.key(KeyCode::Home);
    room.key(KeyCode::End);
    room.read();
    assert!(room.drawn().contains(&"run-00") && room.drawn().contains(&"run-01"), "{:?}", room.drawn());
    room.keys("a");
    assert_eq!((room.drawn().len(), room.colours().len()), (24, 12));
}

#[test]
fn any_metric_is_two_keys_away() {
    let mut room = room();
    let panels = room.app.panels().count();
    room.keys("+");
    let shown = room.shown();
    assert!(shown.contains("odd/share_of_zeros") && shown.contains("24 runs"), "{shown}");
    room.key(KeyCode::Enter);
    room.read();
    assert_eq!(room.app.panels().count(), panels + 1);
    assert_eq!(room.app.focus, panels, "it has the focus");
    let chart = room.app.chart(panels).expect("it was read");
    assert!(!chart.rows.is_empty() && room.shown().contains("odd/share_of_zeros"), "{}", room.shown());
    // Other views are unchanged, and their charts are read again.
    room.keys("2");
    let title = |room: &Room, panel: usize| room.app.panels().nth(panel).map(|panel| panel.title.clone());
    assert_eq!(title(&room, 0).as_deref(), Some("Training loss"));
    assert!(!room.app.chart(0).expect("read").rows.is_empty());
    assert!(room.app.chart(1).expect("read").rows.is_empty(), "nobody recorded an accuracy");
    room.keys("1");
    assert_eq!(room.app.panels().count(), panels + 1, "it is kept for the session");
}

#[test]
fn the_list_of_metrics_is_searched_and_closes_what_it_added() {
    let mut room = room();
    let panels = room.app.panels().count();
    room.keys("+/zeros");
    assert!(!room.shown().contains("24 runs        8"), "only what fits is listed");
    room.key(KeyCode::Enter);
    room.read();
    assert_eq!(room.app.panels().count(), panels + 1);
    room.keys("+zeros");
    assert!(room.shown().contains("shown"));
    room.key(KeyCode::Enter);
    room.read();
    assert_eq!(room.app.panels().count(), panels);
    assert!(room.shown().contains("closed the chart of odd/share_of_zeros"), "{}", room.shown());
    assert!(!room.app.chart(1).expect("read").rows.is_empty(), "the others are drawn as before");
    room.keys("+nothing-like-this");
    assert!(room.shown().contains("nothing found"));
    room.key(KeyCode::Enter);
    assert_eq!(room.app.panels().count(), panels);
}

#[test]
fn a_command_charts_a_metric_by_name_with_completion() {
    let mut room = room();
    let panels = room.app.panels().count();
    room.keys(":chart od");
    room.key(KeyCode::Tab);
    assert!(room.shown().contains(":chart odd/share_of_zeros"), "{}", room.shown());
    room.key(KeyCode::Enter);
    assert_eq!(room.app.panels().count(), panels + 1);
    room.command("chart odd/share_of_zero");
    assert!(room.shown().contains("did you mean `odd/share_of_zeros`?"), "{}", room.shown());
    room.command("chart */loss");
    assert_eq!(room.app.panels().count(), panels + 2);
    assert_eq!(room.app.chart(panels + 1).expect("read").rows.len(), 16, "two metrics of eight runs");
    room.command("chart */loss");
    assert_eq!(room.app.panels().count(), panels + 2, "once is enough");
}

#[test]
fn metrics_of_different_units_do_not_share_an_axis_silently() {
    let mut room = room();
    let panels = room.app.panels().count();
    room.command("chart *");
    let chart = room.app.chart(panels).expect("read");
    assert_eq!(chart.left_out, ["train/loss", "val/loss"]);
    assert_eq!(chart.rows.len(), 8);
    assert!(room.shown().contains("not drawn, different unit: train/loss, val/loss"), "{}", room.shown());
}

#[test]
fn a_layout_is_saved_beside_the_store_and_read_again() {
    let mut room = room();
    room.command("chart odd/share_of_zeros");
    let Next::Store(action) = room.command("layout save mine") else { panic!("it is written") };
    let message = execute(&room.store, &action);
    assert!(message.ok, "{message:?}");
    let found = layout::find(&room.store, Path::new("mine")).expect("beside the store");
    assert_eq!(layout::check(&found).as_ref(), Ok(&room.app.layout));
    assert!(execute(&room.store, &action).ok, "written over by the same command");
    std::fs::write(&found, "title = \"of somebody else\"").expect("written");
    let message = execute(&room.store, &action);
    assert!(!message.ok && message.text.contains("choose another name"), "{message:?}");
    for name in ["../x", "a/b", ".x", ""] {
        let action = StoreAction::SaveLayout { name: name.to_string(), text: String::new() };
        assert!(!execute(&room.store, &action).ok, "{name}");
        assert_eq!(room.command(&format!("layout save {name}")), Next::Stay);
    }
}

#[test]
fn escape_closes_and_never_leaves() {
    let mut room = room();
    room.keys("e");
    assert_eq!((room.key(KeyCode::Esc), room.app.expanded), (Next::Stay, false));
    assert_eq!(room.key(KeyCode::Esc), Next::Stay);
    assert!(room.shown().contains("nothing is open; press q to leave"), "{}", room.shown());
    assert_eq!(room.key(KeyCode::Esc), Next::Stay);
    assert_eq!(room.keys("q"), Next::Leave);
}

#[test]
fn the_console_log_of_the_selected_run_is_a_view() {
    let mut room = room();
    let newest = room.app.snapshot.runs[0].row.uid.clone();
    let folder = room.store.with_file_name(&newest);
    std::fs::create_dir_all(&folder).expect("made");
    let lines: String = (0..200).map(|i| format!("step {i} of 200\n")).collect();
    std::fs::write(folder.join("log.txt"), lines).expect("written");
    room.command("view log");
    let shown = room.shown();
    assert!(shown.contains("step 199 of 200") && !shown.contains("step 100 of"), "{shown}");
    room.app.press(KeyEvent::from(KeyCode::Home));
    assert!(room.shown().contains("step 0 of 200"), "{}", room.shown());
    room.keys("1");
    room.key(KeyCode::Down);
    room.key(KeyCode::Down);
    room.keys("8");
    assert!(room.shown().contains("no console log"), "{}", room.shown());
}
