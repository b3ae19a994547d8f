//! The output of the ranks that do not have the terminal.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::Child,
    thread::{Scope, ScopedJoinHandle},
};

/// Receives a line of a rank's standard error, without its line feed.
pub type Line<'a> = &'a (dyn Fn(usize, &str) + Sync);

/// Longer lines are cut into several.
const LONGEST: u64 = 64 * 1024;

/// Passes the lines of a child's standard error on until it ends.
pub fn forward<'scope>(
    scope: &'scope Scope<'scope, '_>,
    rank: usize,
    child: &mut Child,
    line: Line<'scope>,
) -> Option<ScopedJoinHandle<'scope, ()>> {
    let stderr = child.stderr.take()?;
    Some(scope.spawn(move || each_line(stderr, |text| line(rank, text))))
}

fn each_line(input: impl Read, mut each: impl FnMut(&str)) {
    let (mut input, mut bytes) = (BufReader::new(input), Vec::new());
    loop {
        bytes.clear();
        match input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => each(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r'])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_passed_on_even_if_long_or_not_utf8() {
        let long = "x".repeat(LONGEST as usize + 1);
        let input = [b"a\r\n\xff\n".as_slice(), long.as_bytes()].concat();
        let mut lines = Vec::new();
        each_line(&input[..], |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["a", "\u{fffd}", &long[1..], "x"]);
    }
}
