//! Keys, commands and the mouse, replayed without a terminal.

use std::path::{Path, PathBuf};

use clip_lab_chart::{Layout, filter::Filter};
use clip_lab_dashboard::{
    app::{App, Next},
    data::FeedRequest,
    feed::Feed,
    keys::Keys,
    store_action::{StoreAction, execute},
    theme::{Depth, Theme},
    view,
};
use clip_lab_store::{Level, Recorder, Request};
use clip_lab_testing::runs;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind},
    layout::Rect,
};

/// The fixture's store, its live run, and a dashboard of 120 by 40 on it.
struct Fixture {
    _folder: tempfile::TempDir,
    store: PathBuf,
    live: Vec<Recorder>,
    app: App,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, live) = runs::fixture(folder.path());
    let mut app = App::new(Layout::live(), Some(live[0].uid().to_string()), false);
    app.size = Rect::new(0, 0, 120, 40);
    read(&mut app, &store);
    Fixture { _folder: folder, store, live, app }
}

fn read(app: &mut App, store: &Path) {
    let mut feed = Feed::new(store.to_path_buf(), Layout::live(), Filter::default());
    for _ in 0..2 {
        let want: FeedRequest = app.feed_request(120);
        app.update(feed.poll(&want, true).expect("something to show"));
    }
}

fn key(app: &mut App, code: KeyCode) -> Next {
    app.press(KeyEvent::from(code))
}

fn keys(app: &mut App, text: &str) -> Next {
    text.chars().map(|c| key(app, KeyCode::Char(c))).last().unwrap_or(Next::Stay)
}

fn command(app: &mut App, text: &str) -> Next {
    keys(app, ":");
    keys(app, text);
    key(app, KeyCode::Enter)
}

fn mouse(app: &mut App, kind: MouseEventKind, column: u16, row: u16) {
    app.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
}

fn shown(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    let theme = Theme::new(Depth::True);
    let draw = |frame: &mut ratatui::Frame| view::draw(app, 0, &theme, frame.area(), frame.buffer_mut());
    terminal.draw(draw).expect("memory can be drawn on");
    terminal.backend().to_string()
}

fn last_line(app: &App) -> String {
    let screen = shown(app, 120, 40);
    screen.lines().last().expect("lines").trim_matches(['"', ' ']).to_string()
}

#[test]
fn commands_do_what_keys_do_and_take_arguments() {
    let mut app = fixture().app;
    command(&mut app, "view charts");
    assert_eq!(app.view, 1);
    command(&mut app, "view 3");
    assert_eq!(app.view, 2);
    command(&mut app, "x epoch");
    command(&mut app, "smooth 250");
    assert_eq!((app.x, app.smooth), (Some(clip_lab_store::Axis::Epoch), Some(250.0)));
    command(&mut app, "sev warning");
    assert_eq!(app.severity, Level::Warning, "the start of a name is enough");
    assert_eq!(command(&mut app, "quit"), Next::Leave);
}

#[test]
fn invalid_commands_show_an_error() {
    let mut app = fixture().app;
    let mut messages = Vec::new();
    for text in [
        "vieww",
        "view chart",
        "x stap",
        "smooth much",
        "p",
        "note",
        "log now",
        "untag a",
        "zebra",
        "severity x",
    ] {
        assert_eq!(command(&mut app, text), Next::Stay);
        messages.push(format!(":{text}\n  {}", last_line(&app)));
    }
    insta::assert_snapshot!(messages.join("\n"));
    keys(&mut app, "j");
    assert!(app.message.is_none(), "the next key clears the message");
}

#[test]
fn tab_completes_names_and_arguments() {
    let mut app = fixture().app;
    keys(&mut app, ":sm");
    key(&mut app, KeyCode::Tab);
    assert!(last_line(&app).starts_with(":smooth ▏"), "{}", last_line(&app));
    keys(&mut app, "1");
    let mut lines = Vec::new();
    for _ in 0..4 {
        key(&mut app, KeyCode::Tab);
        lines.push(last_line(&app).split('▏').next().unwrap_or_default().to_string());
    }
    assert_eq!(lines, [":smooth 10", ":smooth 100", ":smooth 1000", ":smooth 10"]);
    app.press(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
    keys(&mut app, "7");
    key(&mut app, KeyCode::Enter);
    assert_eq!(app.smooth, Some(7.0));
}

#[test]
fn the_help_is_searched_and_runs_the_marked_line() {
    let mut app = fixture().app;
    keys(&mut app, "?others");
    let screen = shown(&app, 80, 24);
    assert!(
        screen.contains("/others") && screen.contains("compare the others") && !screen.contains(":smooth")
    );
    key(&mut app, KeyCode::Enter);
    assert_eq!(app.pinned, app.selected().map(|run| run.row.id));
    keys(&mut app, "?write");
    key(&mut app, KeyCode::Enter);
    assert!(
        last_line(&app).starts_with(":note ▏"),
        "a command that needs an argument opens the command line"
    );
}

#[test]
fn the_help_text_of_the_marked_line_is_whole_on_a_small_screen() {
    let mut app = fixture().app;
    keys(&mut app, "?");
    for entry in app.entries("") {
        let screen = shown(&app, 80, 24);
        let lines: Vec<_> = screen.lines().map(|line| line.trim_matches(['"', ' ', '│'])).collect();
        assert!(lines.join(" ").contains(entry.help), "{}: {screen}", entry.help);
        key(&mut app, KeyCode::Down);
    }
}

#[test]
fn stopping_asks_for_confirmation_and_goes_through_the_store() {
    let mut fixture = fixture();
    let run = fixture.app.selected().expect("the live run").row.id;
    assert_eq!(keys(&mut fixture.app, "K"), Next::Stay);
    assert!(shown(&fixture.app, 80, 24).contains("Ask lit-ema to stop?"));
    assert_eq!(key(&mut fixture.app, KeyCode::Enter), Next::Stay, "the default answer cancels");
    keys(&mut fixture.app, "K");
    let Next::Store(action) = keys(&mut fixture.app, "y") else { panic!("confirmed") };
    assert_eq!(action, StoreAction::Request { run, name: "lit-ema".to_string(), request: Request::Stop });
    let message = execute(&fixture.store, &action);
    assert!(message.ok && message.text.contains("asked lit-ema to stop"), "{message:?}");
    let received = (0..1200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        fixture.live[0].requests().contains(&Request::Stop)
    });
    assert!(received, "the run receives it");
}

#[test]
fn tags_and_notes_are_written_and_shown() {
    let mut fixture = fixture();
    for text in ["tag first try", "note the loss fell late"] {
        let Next::Store(action) = command(&mut fixture.app, text) else { panic!("{text}") };
        assert!(execute(&fixture.store, &action).ok);
    }
    command(&mut fixture.app, "view config diff");
    key(&mut fixture.app, KeyCode::Tab);
    keys(&mut fixture.app, "e");
    read(&mut fixture.app, &fixture.store);
    let screen = shown(&fixture.app, 120, 60);
    assert!(screen.contains("first try") && screen.contains("the loss fell late"), "{screen}");
    let Next::Store(action) = command(&mut fixture.app, "untag first try") else { panic!("untag") };
    assert!(execute(&fixture.store, &action).ok);
}

#[test]
fn an_error_of_the_store_is_shown() {
    let mut fixture = fixture();
    keys(&mut fixture.app, "jj");
    let Next::Store(action) = keys(&mut fixture.app, "C") else { panic!("a run is selected") };
    fixture.app.message = Some(execute(&fixture.store, &action));
    assert_eq!(last_line(&fixture.app), "✗ run lit-cls is interrupted, not running");
    std::fs::remove_file(&fixture.store).expect("removed");
    let message = execute(&fixture.store, &action);
    assert!(!message.ok && message.text.contains("there is no store at"), "{message:?}");
    assert!(!fixture.store.exists(), "the dashboard never creates a store");
}

#[test]
fn the_mouse_shows_views_focuses_panels_selects_runs_and_scrolls() {
    let mut app = fixture().app;
    let left = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut app, left, 5, 5);
    assert_eq!(app.selected_index(), 1);
    mouse(&mut app, left, 100, 20);
    assert_eq!(app.focus, 2);
    mouse(&mut app, MouseEventKind::ScrollDown, 5, 5);
    assert_eq!(app.selected_index(), 3, "the wheel moves the selection over the runs");
    let tabs = shown(&app, 120, 40).lines().nth(1).expect("tabs").to_string();
    let column = tabs.chars().position(|c| c == '7').expect("the seventh view") as u16;
    mouse(&mut app, left, column, 1);
    assert_eq!(app.view, 6);
    app.size = Rect::new(0, 0, 120, 12);
    let before = shown(&app, 120, 12);
    mouse(&mut app, MouseEventKind::ScrollUp, 5, 5);
    let after = shown(&app, 120, 12);
    assert_ne!(before, after);
    (0..50).for_each(|_| mouse(&mut app, MouseEventKind::ScrollUp, 5, 5));
    assert!(shown(&app, 120, 12).contains(" 1-7 of "), "it stops at the end");
    mouse(&mut app, MouseEventKind::ScrollDown, 5, 5);
    assert!(shown(&app, 120, 12).contains(" 4-10 of "), "and comes back at once");
}

#[test]
fn events_are_filtered_by_severity() {
    let mut app = fixture().app;
    keys(&mut app, "7v");
    assert!(!shown(&app, 80, 24).contains("checkpoint"));
    keys(&mut app, "v");
    let screen = shown(&app, 80, 24);
    assert!(screen.contains("non-finite") && screen.contains("errors"), "{screen}");
}

#[test]
fn the_footer_and_the_help_show_the_keys_as_they_are() {
    let mut app = fixture().app;
    app.keys = Keys::parse("keys.toml", "quit = \"Ctrl-q\"\nhide = \"H\"\nhelp = \"F1\"").expect("sound");
    assert!(last_line(&app).starts_with("^q leave  F1 help"), "{}", last_line(&app));
    assert_eq!(keys(&mut app, "q"), Next::Stay);
    key(&mut app, KeyCode::F(1));
    keys(&mut app, "hide");
    assert!(shown(&app, 80, 24).contains("│ H "), "{}", shown(&app, 80, 24));
}

#[test]
fn all_problems_of_a_keys_file_are_reported() {
    let text = "hlep = \"F1\"\nlog = \"x\"\nstop = [\"Y\", \"ctrl-y\"]\nnote = \"Y\"\ntag = 3\npin = \"Ctrl-c\"\nseverity = \"D\"\n";
    insta::assert_snapshot!(Keys::parse("keys.toml", text).expect_err("it is broken"));
    insta::assert_snapshot!("not_toml", Keys::parse("keys.toml", "log = ").expect_err("it is broken"));
}
