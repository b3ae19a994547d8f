//! The dashboard on a real terminal.

use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clip_lab_store::now_ms;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{self, DisableMouseCapture, EnableMouseCapture, Event, KeyEventKind},
        execute,
    },
    layout::{Position, Rect},
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{
    app::{App, Next},
    data::{FeedRequest, Snapshot},
    feed::{Feed, THREAD, start},
    images::Gallery,
    options::{Options, Outcome},
    plain::{follow, no_screen},
    store_action::{self, Message, StoreAction},
    terminal::{pending, terminal_gone},
    theme::Theme,
    view,
};
use clip_lab_chart::layout::Kind;

/// The longest wait for input, and so the longest delay until new data is shown.
const INPUT_TIMEOUT: Duration = Duration::from_millis(100);
/// How often times and ages on the screen are updated.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

const NO_TERMINAL: &str =
    "cannot draw a dashboard: standard output is not a terminal; `clip-lab runs list` prints the runs";

/// Shows the dashboard until it is left by a key or a signal (SIGINT, SIGTERM, SIGHUP). On a terminal that cannot draw
/// one, prints lines until no run is live.
///
/// The terminal is always restored, even after a panic. A missing, locked or newer store is reported on the screen
/// and retried.
///
/// # Errors
/// If standard output is not a terminal, terminal I/O fails or a thread cannot be spawned.
pub fn show(options: Options) -> Result<Outcome> {
    ensure!(std::io::stdout().is_terminal(), "{NO_TERMINAL}");
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen for signals")?;
    }
    if let Some(why) = no_screen() {
        eprintln!("{why}");
        return follow(options, &stop);
    }
    let (actions, messages) = store_action::start(options.store.clone())
        .context("cannot start the thread that writes to the store")?;
    let feed = Feed::new(options.store, options.layout.clone(), options.runs);
    let images = options.layout.panels().any(|panel| panel.kind == Kind::Images);
    let mut app = App::new(options.layout, options.focus, options.child);
    app.keys = options.keys;
    app.message = options.note.map(|text| Message { text, ok: true });
    let terminal = ratatui::try_init().context(NO_TERMINAL)?;
    install_panic_hook();
    let theme = Theme::from_env();
    if images {
        // Before the mouse is captured and keys are read, so that stdin holds only the terminal's reply.
        app.gallery = Gallery::open(options.images, &theme);
    }
    let mut screen = Screen { app, theme, terminal, stop, edits: (actions, messages) };
    let outcome = mouse(true).and_then(|()| screen.run(feed));
    if terminal_gone(Duration::ZERO) {
        // Dropping it would try to restore the terminal, and panic because it is gone.
        std::mem::forget(screen);
        return Ok(Outcome::Gone);
    }
    // Best effort: the terminal is restored below in any case.
    let _ = mouse(false);
    ratatui::restore();
    outcome
}

/// Turns mouse capture on or off.
fn mouse(on: bool) -> Result<()> {
    let mut out = std::io::stdout();
    let result = if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) };
    result.context("cannot turn mouse capture on or off")
}

/// Restores the terminal before a panic is printed, except for the feed's thread: its panics appear on the screen.
fn install_panic_hook() {
    let restore_and_print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(THREAD) {
            let _ = mouse(false);
            restore_and_print(panic);
        }
    }));
}

struct Screen {
    app: App,
    theme: Theme,
    terminal: DefaultTerminal,
    stop: Arc<AtomicBool>,
    /// Channels to and from the thread that changes the store.
    edits: (Sender<StoreAction>, Receiver<Message>),
}

impl Screen {
    fn run(&mut self, feed: Feed) -> Result<Outcome> {
        let mut current = self.feed_request()?;
        let (requests, snapshots) =
            start(feed, current.clone()).context("cannot start the thread that reads the store")?;
        let (mut dirty, mut drawn) = (true, Instant::now());
        while !self.stop.load(Ordering::Relaxed) {
            dirty |= self.receive(&snapshots) | self.message() | self.app.gallery.changed();
            dirty |= drawn.elapsed() >= CLOCK_INTERVAL;
            if dirty {
                self.draw()?;
                (dirty, drawn) = (false, Instant::now());
            }
            if terminal_gone(INPUT_TIMEOUT) {
                return Ok(Outcome::Gone);
            }
            if pending()? {
                match self.input()? {
                    Next::Stay | Next::Store(_) => dirty = true,
                    Next::Leave => return Ok(Outcome::Left),
                    Next::Stop => return Ok(Outcome::StopRequested),
                }
                self.request(&requests, &mut current)?;
            }
        }
        Ok(Outcome::Left)
    }

    fn feed_request(&self) -> Result<FeedRequest> {
        Ok(self.app.feed_request(self.terminal.size().context("cannot read the size of the terminal")?.width))
    }

    /// Takes the newest snapshot from the feed, if any.
    fn receive(&mut self, snapshots: &Receiver<Snapshot>) -> bool {
        let newest = snapshots.try_iter().last();
        let any = newest.is_some();
        newest.into_iter().for_each(|snapshot| self.app.update(snapshot));
        any
    }

    /// Takes the result of the last change to the store.
    fn message(&mut self) -> bool {
        let message = self.edits.1.try_iter().last();
        let any = message.is_some();
        self.app.message = message.or(self.app.message.take());
        any
    }

    fn draw(&mut self) -> Result<()> {
        let size = self.terminal.size().context("cannot read the size of the terminal")?;
        self.app.size = Rect::from((Position::ORIGIN, size));
        let (app, theme) = (&self.app, &self.theme);
        self.terminal
            .draw(|frame| view::draw(app, now_ms(), theme, frame.area(), frame.buffer_mut()))
            .context("cannot draw on the terminal")?;
        Ok(())
    }

    /// Handles all waiting input at once, so that a held key does not lag.
    fn input(&mut self) -> Result<Next> {
        loop {
            let next = match event::read().context("cannot read the keyboard")? {
                Event::Key(key) if key.kind != KeyEventKind::Release => self.app.press(key),
                Event::Mouse(mouse) => self.app.mouse(mouse),
                _ => Next::Stay,
            };
            match next {
                Next::Stay => {}
                // The thread ends only with this screen.
                Next::Store(action) => {
                    self.edits.0.send(action).context("the thread that writes to the store has stopped")?
                }
                Next::Leave | Next::Stop => return Ok(next),
            }
            if !pending()? {
                return Ok(Next::Stay);
            }
        }
    }

    fn request(&self, requests: &Sender<FeedRequest>, current: &mut FeedRequest) -> Result<()> {
        let now = self.feed_request()?;
        if now != *current {
            // The feed ends only with this screen.
            requests.send(now.clone()).context("the thread that reads the store has stopped")?;
            *current = now;
        }
        Ok(())
    }
}
