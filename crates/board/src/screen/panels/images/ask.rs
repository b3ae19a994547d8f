//! Detects the graphics protocol of the terminal. Runs once, before keys are read, with a timeout.
//!
//! ratatui-image can query too, but from a thread that keeps reading standard input if no reply arrives.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use ratatui_image::picker::{
    ProtocolType,
    cap_parser::{Parser, QueryStdioOptions, Response},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    termios::tcgetwinsize,
};

use super::protocol::{Images, Way};

/// How long to wait for replies.
const PATIENCE: Duration = Duration::from_millis(600);
/// Queries name and version (XTVERSION); terminals without it do not reply.
const WHO: &str = "\x1b[>q";
/// The first kitty, 0.28, with Unicode placeholders for images
/// (<https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>); older ones show them as empty boxes.
const PLACEHOLDERS: u32 = 28;

/// How to send images; `None` shows names only.
pub fn ask(images: Images) -> Option<Way> {
    let get = |name: &str| std::env::var(name).unwrap_or_default();
    let term = get("TERM");
    if images == Images::Off || (images == Images::Auto && (term == "dumb" || term.is_empty())) {
        return None;
    }
    if images == Images::Halfblocks || term == "linux" {
        return Some(Way::HALFBLOCKS);
    }
    let program = get("TERM_PROGRAM");
    let tmux = term.starts_with("tmux") || program == "tmux" || !get("TMUX").is_empty();
    let poor = !get("WEZTERM_EXECUTABLE").is_empty() || !get("KONSOLE_VERSION").is_empty();
    let answers = answers(poor).unwrap_or_default();
    let iterm2 = ["iTerm", "WezTerm", "mintty", "vscode", "rio"].iter().any(|name| program.contains(name));
    Some(judge(images, &answers, iterm2 || get("LC_TERMINAL").contains("iTerm"), tmux))
}

/// Chooses the protocol. Pixel protocols need the size of a cell; without it, half-blocks are used.
fn judge(images: Images, answers: &[Response], iterm2: bool, tmux: bool) -> Way {
    let cell = answers.iter().find_map(|answer| match answer {
        Response::CellSize(Some(cell)) => Some(*cell),
        _ => None,
    });
    let Some(cell) = cell.or_else(cell_of_window).filter(|(wide, high)| *wide > 0 && *high > 0) else {
        return Way::HALFBLOCKS;
    };
    let has = |wanted: &Response| answers.contains(wanted);
    let images = match images {
        // tmux does not redraw images when panes move, and only newer versions pass them through: only on request.
        Images::Auto if tmux => Images::Halfblocks,
        Images::Auto if has(&Response::Kitty) => Images::Kitty,
        Images::Auto if iterm2 => Images::Iterm2,
        Images::Auto if has(&Response::Sixel) => Images::Sixel,
        Images::Auto => Images::Halfblocks,
        chosen => chosen,
    };
    if images == Images::Halfblocks { Way::HALFBLOCKS } else { Way { images, cell, tmux } }
}

fn cell_of_window() -> Option<(u16, u16)> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    Some((size.ws_xpixel.checked_div(size.ws_col)?, size.ws_ypixel.checked_div(size.ws_row)?))
}

/// The replies of the terminal until its status report or the timeout.
/// `poor` terminals claim protocols that they draw badly; these are not queried.
fn answers(poor: bool) -> std::io::Result<Vec<Response>> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(Vec::new());
    }
    let blacklist_protocols = if poor { vec![ProtocolType::Kitty, ProtocolType::Sixel] } else { Vec::new() };
    // Not wrapped for tmux: it replies itself, and another terminal may attach to it later.
    let query =
        Parser::query(false, QueryStdioOptions { blacklist_protocols, ..QueryStdioOptions::default() });
    let mut out = std::io::stdout();
    out.write_all(WHO.as_bytes())?;
    out.write_all(query.as_bytes())?;
    out.flush()?;
    let (mut parser, mut found, until) = (Parser::new(), Vec::new(), Instant::now() + PATIENCE);
    let mut heard = String::new();
    while ready(&stdin, until.saturating_duration_since(Instant::now())) {
        let mut bytes = [0; 64];
        // Unbuffered: a buffer would swallow keys typed after the reply.
        let read = rustix::io::read(&stdin, &mut bytes).map_err(std::io::Error::from)?;
        if read == 0 {
            break;
        }
        for letter in bytes[..read].iter().map(|byte| char::from(*byte)) {
            found.extend(parser.push(letter));
            heard.push(letter);
        }
        if found.contains(&Response::Status) {
            break;
        }
    }
    if lacks_placeholders(&heard) {
        found.retain(|answer| *answer != Response::Kitty);
    }
    Ok(found)
}

/// Whether it is a kitty without Unicode placeholders.
fn lacks_placeholders(heard: &str) -> bool {
    let Some((_, version)) = heard.split_once(">|kitty(") else { return false };
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(0)), Some(Ok(minor))) if minor < PLACEHOLDERS)
}

fn ready(stdin: &std::io::Stdin, most: Duration) -> bool {
    let mut input = [PollFd::new(stdin, PollFlags::IN)];
    let most = Timespec { tv_sec: 0, tv_nsec: most.subsec_nanos().into() };
    most.tv_nsec > 0
        && poll(&mut input, Some(&most)).is_ok_and(|n| n > 0)
        && input[0].revents().contains(PollFlags::IN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_the_terminal_can_is_chosen() {
        let cell = Response::CellSize(Some((8, 16)));
        let of = |images, answers: &[Response], iterm2, tmux| judge(images, answers, iterm2, tmux).images;
        let both = [Response::Kitty, Response::Sixel, cell.clone()];
        assert_eq!(of(Images::Auto, &both, true, false), Images::Kitty);
        assert_eq!(of(Images::Auto, &both[1..], true, false), Images::Iterm2);
        assert_eq!(of(Images::Auto, &both[1..], false, false), Images::Sixel);
        assert_eq!(of(Images::Auto, std::slice::from_ref(&cell), false, false), Images::Halfblocks);
        assert_eq!(of(Images::Auto, &both, false, true), Images::Halfblocks);
        assert_eq!(of(Images::Sixel, &[cell], false, true), Images::Sixel);
    }

    #[test]
    fn an_old_kitty_is_known_by_its_version() {
        for (version, lacks) in [
            ("kitty(0.26.5)", true),
            ("kitty(0.28.0)", false),
            ("kitty(1.2.0)", false),
            ("XTerm(379)", false),
        ] {
            let heard = format!("\x1bP>|{version}\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[0n");
            assert_eq!(lacks_placeholders(&heard), lacks, "{version}");
            let mut parser = Parser::new();
            let found: Vec<Response> = heard.chars().flat_map(|letter| parser.push(letter)).collect();
            assert_eq!(found, [Response::Kitty, Response::Status], "the answers after it are heard");
        }
    }
}
