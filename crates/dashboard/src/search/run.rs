//! The interactive search on a real terminal.

use std::{
    io::IsTerminal as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyEventKind},
    layout::{Position, Rect},
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{
    Options, Searcher,
    app::{App, Next},
    view,
};
use crate::{
    images::Gallery,
    terminal::{pending, terminal_gone},
    theme::Theme,
};

/// The longest wait for input, and so the longest delay until a reply is shown.
const INPUT_TIMEOUT: Duration = Duration::from_millis(15);

/// Shows the screen until it is left by a key or a signal (SIGINT, SIGTERM, SIGHUP). The terminal is always
/// restored, even after a panic.
///
/// # Errors
/// If the search process has ended, standard output is not a terminal, or terminal I/O fails.
pub fn show(searcher: impl Searcher, options: Options) -> Result<()> {
    ensure!(std::io::stdout().is_terminal(), "an interactive search needs a terminal");
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen for signals")?;
    }
    let images = options.images;
    let mut app = App::new(options, Instant::now());
    // Restores the terminal after a panic as well.
    let terminal = ratatui::try_init().context("cannot draw on the terminal")?;
    let theme = Theme::from_env();
    // Before keys are read, so that stdin holds only the terminal's reply.
    app.gallery = Gallery::open(images, &theme);
    let mut screen = Screen { app, theme, terminal, stop, searcher };
    let outcome = screen.run();
    if terminal_gone(Duration::ZERO) {
        // Dropping it would try to restore the terminal, and panic because it is gone.
        std::mem::forget(screen.terminal);
        return Ok(());
    }
    ratatui::restore();
    outcome
}

struct Screen<S> {
    app: App,
    theme: Theme,
    terminal: DefaultTerminal,
    stop: Arc<AtomicBool>,
    searcher: S,
}

impl<S: Searcher> Screen<S> {
    fn run(&mut self) -> Result<()> {
        let mut dirty = true;
        while !self.stop.load(Ordering::Relaxed) {
            dirty |= self.receive()? | self.app.gallery.changed();
            if dirty {
                self.draw()?;
                dirty = false;
            }
            dirty |= self.send_requests()?;
            if terminal_gone(INPUT_TIMEOUT) {
                return Ok(());
            }
            while pending()? {
                dirty = true;
                match event::read().context("cannot read the keyboard")? {
                    Event::Key(key)
                        if key.kind != KeyEventKind::Release
                            && self.app.press(key, Instant::now()) == Next::Leave =>
                    {
                        return Ok(());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Handles all replies that have arrived.
    fn receive(&mut self) -> Result<bool> {
        let mut any = false;
        while let Some(reply) = self.searcher.reply()? {
            self.app.receive(reply);
            any = true;
        }
        Ok(any)
    }

    fn send_requests(&mut self) -> Result<bool> {
        let images = view::images_on_screen(&self.app, self.area()?);
        let requests = self.app.requests(Instant::now(), &images);
        let any = !requests.is_empty();
        for (purpose, operation) in requests {
            let id = self.searcher.send(operation)?;
            self.app.sent(id, purpose);
        }
        Ok(any)
    }

    fn area(&self) -> Result<Rect> {
        let size = self.terminal.size().context("cannot read the size of the terminal")?;
        Ok(Rect::from((Position::ORIGIN, size)))
    }

    fn draw(&mut self) -> Result<()> {
        let (app, theme) = (&self.app, &self.theme);
        let drawn = self.terminal.draw(|frame| view::draw(app, theme, frame.area(), frame.buffer_mut()));
        drawn.map(drop).context("cannot draw on the terminal")
    }
}
