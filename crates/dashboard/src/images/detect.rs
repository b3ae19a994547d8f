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

use super::protocol::{Encoder, Images};

/// How long to wait for replies.
const TIMEOUT: Duration = Duration::from_millis(600);
/// Queries name and version (XTVERSION); terminals without it do not reply.
const XTVERSION: &str = "\x1b[>q";
/// The minor version of kitty, 0.28, since which it supports Unicode placeholders for images
/// (<https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders>); older versions draw empty boxes.
const PLACEHOLDERS: u32 = 28;

/// How to send images; `None` shows names only.
pub fn detect(images: Images) -> Option<Encoder> {
    let get = |name: &str| std::env::var(name).unwrap_or_default();
    let term = get("TERM");
    if images == Images::Off || (images == Images::Auto && (term == "dumb" || term.is_empty())) {
        return None;
    }
    if images == Images::Halfblocks || term == "linux" {
        return Some(Encoder::HALFBLOCKS);
    }
    let program = get("TERM_PROGRAM");
    let tmux = term.starts_with("tmux") || program == "tmux" || !get("TMUX").is_empty();
    let unreliable = !get("WEZTERM_EXECUTABLE").is_empty() || !get("KONSOLE_VERSION").is_empty();
    let replies = replies(unreliable).unwrap_or_default();
    let iterm2 = ["iTerm", "WezTerm", "mintty", "vscode", "rio"].iter().any(|name| program.contains(name));
    Some(choose(images, &replies, iterm2 || get("LC_TERMINAL").contains("iTerm"), tmux))
}

/// Chooses the protocol. Pixel protocols need the size of a cell; without it, half-blocks are used.
fn choose(images: Images, replies: &[Response], iterm2: bool, tmux: bool) -> Encoder {
    let cell = replies.iter().find_map(|reply| match reply {
        Response::CellSize(Some(cell)) => Some(*cell),
        _ => None,
    });
    let Some(cell) = cell.or_else(cell_of_window).filter(|(wide, high)| *wide > 0 && *high > 0) else {
        return Encoder::HALFBLOCKS;
    };
    let has = |wanted: &Response| replies.contains(wanted);
    let images = match images {
        // tmux does not redraw images when panes move, and only newer versions pass them through: only on request.
        Images::Auto if tmux => Images::Halfblocks,
        Images::Auto if has(&Response::Kitty) => Images::Kitty,
        Images::Auto if iterm2 => Images::Iterm2,
        Images::Auto if has(&Response::Sixel) => Images::Sixel,
        Images::Auto => Images::Halfblocks,
        chosen => chosen,
    };
    if images == Images::Halfblocks { Encoder::HALFBLOCKS } else { Encoder { images, cell, tmux } }
}

fn cell_of_window() -> Option<(u16, u16)> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    Some((size.ws_xpixel.checked_div(size.ws_col)?, size.ws_ypixel.checked_div(size.ws_row)?))
}

/// The replies of the terminal until its status report or the timeout.
/// `unreliable` terminals claim protocols that they draw badly; these are not queried.
fn replies(unreliable: bool) -> std::io::Result<Vec<Response>> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(Vec::new());
    }
    let blacklist_protocols =
        if unreliable { vec![ProtocolType::Kitty, ProtocolType::Sixel] } else { Vec::new() };
    // Not wrapped for tmux: it replies itself, and another terminal may attach to it later.
    let query =
        Parser::query(false, QueryStdioOptions { blacklist_protocols, ..QueryStdioOptions::default() });
    let mut out = std::io::stdout();
    out.write_all(XTVERSION.as_bytes())?;
    out.write_all(query.as_bytes())?;
    out.flush()?;
    let (mut parser, mut found, deadline) = (Parser::new(), Vec::new(), Instant::now() + TIMEOUT);
    let mut received = String::new();
    while ready(&stdin, deadline.saturating_duration_since(Instant::now())) {
        let mut bytes = [0; 64];
        // Unbuffered: a buffer would swallow keys typed after the reply.
        let read = rustix::io::read(&stdin, &mut bytes).map_err(std::io::Error::from)?;
        if read == 0 {
            break;
        }
        for letter in bytes[..read].iter().map(|byte| char::from(*byte)) {
            found.extend(parser.push(letter));
            received.push(letter);
        }
        if found.contains(&Response::Status) {
            break;
        }
    }
    if lacks_placeholders(&received) {
        found.retain(|reply| *reply != Response::Kitty);
    }
    Ok(found)
}

/// Whether the terminal is a kitty without Unicode placeholders.
fn lacks_placeholders(received: &str) -> bool {
    let Some((_, version)) = received.split_once(">|kitty(") else { return false };
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    matches!((numbers.next(), numbers.next()), (Some(Ok(0)), Some(Ok(minor))) if minor < PLACEHOLDERS)
}

fn ready(stdin: &std::io::Stdin, timeout: Duration) -> bool {
    let mut input = [PollFd::new(stdin, PollFlags::IN)];
    let timeout = Timespec { tv_sec: 0, tv_nsec: timeout.subsec_nanos().into() };
    timeout.tv_nsec > 0
        && poll(&mut input, Some(&timeout)).is_ok_and(|n| n > 0)
        && input[0].revents().contains(PollFlags::IN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_supported_protocol_is_chosen() {
        let cell = Response::CellSize(Some((8, 16)));
        let of = |images, replies: &[Response], iterm2, tmux| choose(images, replies, iterm2, tmux).images;
        let both = [Response::Kitty, Response::Sixel, cell.clone()];
        assert_eq!(of(Images::Auto, &both, true, false), Images::Kitty);
        assert_eq!(of(Images::Auto, &both[1..], true, false), Images::Iterm2);
        assert_eq!(of(Images::Auto, &both[1..], false, false), Images::Sixel);
        assert_eq!(of(Images::Auto, std::slice::from_ref(&cell), false, false), Images::Halfblocks);
        assert_eq!(of(Images::Auto, &both, false, true), Images::Halfblocks);
        assert_eq!(of(Images::Sixel, &[cell], false, true), Images::Sixel);
    }

    #[test]
    fn an_old_kitty_is_recognised_by_its_version() {
        for (version, lacks) in [
            ("kitty(0.26.5)", true),
            ("kitty(0.28.0)", false),
            ("kitty(1.2.0)", false),
            ("XTerm(379)", false),
        ] {
            let received = format!("\x1bP>|{version}\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[0n");
            assert_eq!(lacks_placeholders(&received), lacks, "{version}");
            let mut parser = Parser::new();
            let found: Vec<Response> = received.chars().flat_map(|letter| parser.push(letter)).collect();
            assert_eq!(found, [Response::Kitty, Response::Status], "the replies after it are received");
        }
    }
}
