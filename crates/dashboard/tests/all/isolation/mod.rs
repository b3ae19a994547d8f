//! Faults of a dashboard never affect the trainer: real processes, the dashboard on a pseudo-terminal.

mod terminal;
mod trainer;

use std::{
    fs,
    io::Write as _,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use clip_lab_chart::{Layout, filter::Filter};
use clip_lab_dashboard::{Options, keys::Keys, show};
use clip_lab_store::{Reader, Status};
use rustix::process::Signal;
use terminal::Terminal;
use trainer::Trainer;

/// The test [`child_process`].
const CHILD: &str = "isolation::child_process";
const ROLE: &str = "CLIP_LAB_BOARD_TEST_ROLE";
const STORE: &str = "CLIP_LAB_BOARD_TEST_STORE";

/// Not a test: the entry point of the child processes.
#[test]
fn child_process() {
    let (Ok(role), Ok(store)) = (std::env::var(ROLE), std::env::var(STORE)) else { return };
    if role == "trainer" {
        return trainer::train(Path::new(&store));
    }
    let options = Options {
        store: store.into(),
        layout: Layout::live(),
        runs: Filter::default(),
        focus: None,
        images: Default::default(),
        keys: Keys::default(),
        child: false,
        note: None,
    };
    let end = show(options);
    // The terminal may be closed: then nothing can be printed.
    let _ = writeln!(std::io::stdout(), "the end: {end:?}");
    std::process::exit(i32::from(end.is_err()));
}

/// Runs a trainer, harms dashboards meanwhile, and checks the trainer.
fn harm(harm: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("lab.db");
    let trainer = Trainer::start(&store);
    harm(&store);
    trainer.assert_unharmed(&store);
}

/// A dashboard that shows the run.
fn watching(store: &Path) -> Terminal {
    let mut terminal = Terminal::start(store, &[]);
    terminal.until("Training loss");
    terminal
}

#[test]
fn a_killed_dashboard() {
    harm(|store| {
        for _ in 0..5 {
            let mut dashboard = watching(store);
            dashboard.signal(Signal::KILL);
            assert!(!dashboard.wait());
        }
    });
}

#[test]
fn a_stopped_dashboard_resumes_and_restores_the_terminal_when_it_ends() {
    harm(|store| {
        let mut dashboard = watching(store);
        dashboard.signal(Signal::STOP);
        sleep(Duration::from_secs(3));
        assert!(dashboard.drawn().contains("\u{1b}[?1049h"), "the alternate screen is entered");
        dashboard.forget();
        dashboard.signal(Signal::CONT);
        dashboard.until("\u{1b}["); // it draws again
        dashboard.signal(Signal::TERM);
        assert!(dashboard.wait());
        let drawn = dashboard.drawn();
        let left = drawn.rfind("\u{1b}[?1049l").expect("the alternate screen is left");
        assert!(drawn.rfind("\u{1b}[?25h") > drawn.rfind("\u{1b}[?25l"), "the cursor is shown");
        assert!(drawn[left..].contains("the end: Ok(Left)"));
    });
}

#[test]
fn a_dashboard_that_is_resized_again_and_again() {
    harm(|store| {
        let mut dashboard = watching(store);
        for (number, columns) in (0..60).flat_map(|n| [(n, 1), (n, 3 * n + 1), (n, 300), (n, 80)]) {
            dashboard.resize(columns, [1, 2, 10, 24, 90][usize::from(number) % 5]);
            sleep(Duration::from_millis(10));
        }
        dashboard.forget();
        dashboard.resize(120, 40);
        dashboard.until("Training loss");
        dashboard.press("q");
        assert!(dashboard.wait());
    });
}

#[test]
fn a_dashboard_whose_terminal_is_closed_ends() {
    harm(|store| assert!(watching(store).close()));
}

#[test]
fn a_store_that_is_corrupt_or_cut_off_while_it_is_watched() {
    harm(|store| {
        let copy = store.with_file_name("copy.db");
        fs::copy(store, &copy).unwrap();
        let length = fs::metadata(&copy).unwrap().len();
        fs::write(&copy, vec![0xA5; length as usize]).unwrap();
        let mut corrupt = Terminal::start(&copy, &[]);
        corrupt.until("not a SQLite database");
        corrupt.press("q");
        assert!(corrupt.wait());
        fs::copy(store, &copy).unwrap();
        let mut cut = Terminal::start(&copy, &[]);
        cut.until("live");
        fs::File::options().write(true).open(&copy).unwrap().set_len(length / 2).unwrap();
        sleep(Duration::from_secs(3));
        cut.forget();
        cut.resize(100, 30);
        cut.until("\u{1b}["); // it is still there
        cut.press("q");
        assert!(cut.wait());
    });
}

#[test]
fn a_dashboard_without_processor_time_and_memory() {
    harm(|store| {
        for kilobytes in [60_000, 150_000, 1_000_000] {
            let shell = format!("ulimit -v {kilobytes}; exec nice -n 19 \"$0\" \"$@\"");
            let mut starved = Terminal::start(store, &["sh", "-c", &shell]);
            sleep(Duration::from_secs(2));
            starved.signal(Signal::KILL);
            starved.wait();
        }
    });
}

#[test]
#[ignore = "takes a quarter of a minute: -- --ignored --nocapture"]
fn a_killed_run_shows_as_crashed_within_15_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("lab.db");
    let mut trainer = Trainer::start(&store);
    let mut dashboard = watching(&store);
    trainer.kill();
    let killed = Instant::now();
    dashboard.forget();
    dashboard.until("crashed");
    println!("a killed run is shown as crashed after {:.1?} [15 s]", killed.elapsed());
    assert!(killed.elapsed() < Duration::from_secs(15));
    let reader = Reader::open(&store).unwrap();
    assert_eq!(reader.runs().unwrap()[0].status, Status::Crashed);
    dashboard.press("q");
    assert!(dashboard.wait());
}

#[test]
#[ignore = "measures for half a minute: -- --ignored --nocapture"]
fn processor_use_of_an_idle_dashboard() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("lab.db");
    let trainer = Trainer::start(&store);
    let mut dashboard = watching(&store);
    let busy = dashboard.processor_use(Duration::from_secs(10));
    trainer.assert_unharmed(&store);
    sleep(Duration::from_secs(3));
    let idle = dashboard.processor_use(Duration::from_secs(10));
    println!("processor use of a dashboard: {busy:.2} % beside a run, {idle:.2} % with nothing new [1 %]");
    assert!(idle < 1.0);
    dashboard.press("q");
    assert!(dashboard.wait());
}
