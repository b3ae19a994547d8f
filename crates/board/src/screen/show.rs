//! The dashboard on a real terminal.

use std::{
    io::IsTerminal,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use clip_lab_store::now_ms;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{self, DisableMouseCapture, EnableMouseCapture, Event, KeyEventKind},
        execute,
    },
    layout::{Position, Rect},
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{
    app::{App, Next},
    data::{Snapshot, Want},
    effect::{self, Effect, Told},
    feed::{Feed, THREAD, start},
    keys,
    panels::images::{Gallery, Images},
    plain::{follow, no_screen},
    theme::Theme,
    view,
};
use crate::{
    filter::Filter,
    layout::{Kind, Layout},
};

/// How long the screen sleeps when nothing is typed; what the feed has read is shown after this at the latest.
const TICK: Duration = Duration::from_millis(100);
/// Times and ages on the screen are brought up to date this often.
const CLOCK: Duration = Duration::from_secs(1);

const NO_TERMINAL: &str =
    "cannot draw a dashboard: standard output is no terminal; use --ui plain for lines of text";

/// What to show.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's file.
    pub store: PathBuf,
    /// What stands where.
    pub layout: Layout,
    /// Which runs there are at all; an empty filter shows all recent ones.
    pub runs: Filter,
    /// The run that is selected at first, by uid.
    pub focus: Option<String>,
    /// How pictures are shown.
    pub images: Images,
    /// Whether the program that shows this screen started that run: leaving then asks what becomes of it.
    pub child: bool,
    /// What is said in the last line at first, until a key is pressed.
    pub note: Option<String>,
}

/// How the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Runs go on as they are.
    Left,
    /// The terminal was closed: nothing can be said to anybody. Runs go on.
    Gone,
    /// The run named in [`Options::focus`] is to stop at its next checkpoint; the caller asks it to.
    StopRequested,
}

/// Shows the dashboard until it is left by a key or a signal (SIGINT, SIGTERM, SIGHUP). On a terminal that cannot draw
/// one, prints lines until no run is live.
///
/// The terminal is restored in every case, after a panic too. A store that is missing, locked or newer is a
/// sentence on the screen, and is tried again until it can be read.
///
/// # Errors
/// Only for the terminal itself: standard output is none, or it fails.
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
    let keys = keys::file::read(&options.store).map_err(|report| anyhow!("{report}"))?;
    let (ask, told) = effect::start(options.store.clone()).context("cannot start the writer to the store")?;
    let feed = Feed::new(options.store, options.layout.clone(), options.runs);
    let pictures = options.layout.panels().any(|panel| panel.kind == Kind::Images);
    let mut app = App::new(options.layout, options.focus, options.child);
    app.keys = keys;
    app.told = options.note.map(|words| Told { words, good: true });
    let terminal = ratatui::try_init().context(NO_TERMINAL)?;
    leave_feed_alone();
    let theme = Theme::from_env();
    if pictures {
        // Before the mouse is on and keys are read: only the answer of the terminal comes in.
        app.gallery = Gallery::open(options.images, &theme);
    }
    let mut screen = Screen { app, theme, terminal, stop, edits: (ask, told) };
    let outcome = mouse(true).and_then(|()| screen.run(feed));
    if gone(Duration::ZERO) {
        // Its drop would restore the terminal, and panic when that cannot even be told.
        std::mem::forget(screen);
        return Ok(Outcome::Gone);
    }
    // A terminal that cannot be told so has other troubles.
    let _ = mouse(false);
    ratatui::restore();
    outcome
}

/// Asks the terminal to tell about the mouse, or no longer.
fn mouse(on: bool) -> Result<()> {
    let mut out = std::io::stdout();
    let told = if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) };
    told.context("cannot speak to the terminal")
}

/// A panic restores the terminal before it is told; but one of the feed's is told on the screen, which stays.
fn leave_feed_alone() {
    let restore_and_tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(THREAD) {
            let _ = mouse(false);
            restore_and_tell(panic);
        }
    }));
}

/// Waits for input, `most` at the longest; true when the terminal is gone. It may go without a signal to us, and
/// crossterm would then read its end for ever and never come back: nothing is read before this was asked.
pub(crate) fn gone(most: Duration) -> bool {
    let stdin = std::io::stdin();
    let mut input = [PollFd::new(&stdin, PollFlags::IN)];
    let most = Timespec { tv_sec: 0, tv_nsec: most.subsec_nanos().into() };
    // Interrupted by a signal, such as a change of size: as good as input.
    let _ = poll(&mut input, Some(&most));
    input[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}

/// Whether a key, the mouse or a change of size is waiting.
///
/// Asked for no time at all, crossterm's level-triggered source (`use-dev-tty`) does not look. Its other source hears
/// of input once: a change of size that comes together with a key makes it forget the key until the next one.
pub(crate) fn pending() -> Result<bool> {
    event::poll(Duration::from_millis(1)).context("cannot read the keyboard")
}

struct Screen {
    app: App,
    theme: Theme,
    terminal: DefaultTerminal,
    stop: Arc<AtomicBool>,
    /// To the thread that changes the store, and its answers.
    edits: (Sender<Effect>, Receiver<Told>),
}

impl Screen {
    fn run(&mut self, feed: Feed) -> Result<Outcome> {
        let mut wanted = self.want()?;
        let (ask, told) = start(feed, wanted.clone()).context("cannot start the reader of the store")?;
        let (mut dirty, mut drawn) = (true, Instant::now());
        while !self.stop.load(Ordering::Relaxed) {
            dirty |= self.receive(&told) | self.answered() | self.app.gallery.changed();
            dirty |= drawn.elapsed() >= CLOCK;
            if dirty {
                self.draw()?;
                (dirty, drawn) = (false, Instant::now());
            }
            if gone(TICK) {
                return Ok(Outcome::Gone);
            }
            if pending()? {
                match self.input()? {
                    Next::Stay | Next::Do(_) => dirty = true,
                    Next::Leave => return Ok(Outcome::Left),
                    Next::Stop => return Ok(Outcome::StopRequested),
                }
                self.tell(&ask, &mut wanted)?;
            }
        }
        Ok(Outcome::Left)
    }

    fn want(&self) -> Result<Want> {
        Ok(self.app.want(self.terminal.size().context("cannot read the size of the terminal")?.width))
    }

    /// Takes the newest of what the feed has sent, if anything.
    fn receive(&mut self, told: &Receiver<Snapshot>) -> bool {
        let newest = told.try_iter().last();
        let any = newest.is_some();
        newest.into_iter().for_each(|snapshot| self.app.take(snapshot));
        any
    }

    /// Takes what has become of changes to the store.
    fn answered(&mut self) -> bool {
        let told = self.edits.1.try_iter().last();
        let any = told.is_some();
        self.app.told = told.or(self.app.told.take());
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

    /// All waiting input at once, so that a held key does not fall behind.
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
                Next::Do(effect) => {
                    self.edits.0.send(effect).context("the writer to the store has stopped")?
                }
                Next::Leave | Next::Stop => return Ok(next),
            }
            if !pending()? {
                return Ok(Next::Stay);
            }
        }
    }

    fn tell(&self, ask: &Sender<Want>, wanted: &mut Want) -> Result<()> {
        let now = self.want()?;
        if now != *wanted {
            // The feed ends only with this screen.
            ask.send(now.clone()).context("the reader of the store has stopped")?;
            *wanted = now;
        }
        Ok(())
    }
}
