//! Failures of a group.

use std::{error::Error, fmt, time::Duration};

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Another rank did not answer in time.
    Timeout,
    /// Another rank reported a failure first, with its message.
    Reported(String),
    /// A connection ended, with libtorch's message: another rank ended or was killed.
    Disconnected(String),
    /// Another message of libtorch, such as different shapes.
    Other(String),
}

impl Cause {
    /// The cause in libtorch's message. Gloo's begin with a source file in brackets.
    pub fn of(message: &str) -> Self {
        let without_place = message.split_once(".cc:").and_then(|(_, rest)| rest.split_once("] "));
        let text = without_place.map_or(message, |(_, text)| text);
        let has = |parts: &[&str]| parts.iter().any(|part| text.to_lowercase().contains(part));
        if has(&["timed out", "timeout"]) {
            Self::Timeout
        } else if has(&["closed", "connection reset", "broken pipe", "refused"]) {
            Self::Disconnected(text.to_owned())
        } else {
            Self::Other(text.to_owned())
        }
    }
}

/// An operation among processes failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupError {
    /// The rank that reports.
    pub rank: usize,
    /// The number of ranks.
    pub size: usize,
    /// What it waited for: `all_reduce 7 of Float [1024]`, with the number of operations so far.
    pub operation: String,
    /// How long it waited.
    pub waited: Duration,
    /// Why it failed.
    pub cause: Cause,
    /// The ranks that send no heartbeat: they were killed or stopped.
    pub silent: Box<[usize]>,
    /// The ranks that live, but have not begun the operation.
    pub behind: Box<[usize]>,
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rank, size, operation, .. } = self;
        let waited = self.waited.as_secs_f64();
        write!(f, "rank {rank} of {size} ")?;
        match &self.cause {
            Cause::Timeout => {
                write!(f, "waited {waited:.1} s for {operation}, which another rank did not join")
            }
            Cause::Reported(text) => write!(f, "gave up {operation}, since another rank failed: {text}"),
            Cause::Disconnected(text) => {
                write!(f, "waited {waited:.1} s for {operation}, when another rank ended ({text})")
            }
            Cause::Other(text) => write!(f, "cannot finish {operation}: {text}"),
        }?;
        if !self.silent.is_empty() {
            write!(f, "; no heartbeat from {}", Ranks(&self.silent))?;
        }
        if !self.behind.is_empty() {
            write!(f, "; not yet begun by {}", Ranks(&self.behind))?;
        }
        Ok(())
    }
}

impl Error for GroupError {}

/// `rank 2` or `ranks 0, 1`.
pub struct Ranks<'a>(pub &'a [usize]);

impl fmt::Display for Ranks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self.0.iter().map(usize::to_string).collect();
        write!(f, "rank{} {}", if list.len() == 1 { "" } else { "s" }, list.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_read_from_the_messages_of_libtorch() {
        let place = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:81] ";
        let timeout = format!("{place}Timed out waiting 2000ms for recv operation to complete");
        assert_eq!(Cause::of(&timeout), Cause::Timeout);
        let gone = "Connection closed by peer [127.0.0.1]:2973";
        assert_eq!(Cause::of(&format!("{place}{gone}")), Cause::Disconnected(gone.into()));
        assert_eq!(Cause::of("invalid tensor size"), Cause::Other("invalid tensor size".into()));
    }

    #[test]
    fn an_error_names_who_waited_for_what_and_for_whom() {
        let error = GroupError {
            rank: 1,
            size: 4,
            operation: "all_reduce 7 of Float [1024]".into(),
            waited: Duration::from_millis(2040),
            cause: Cause::Timeout,
            silent: [2].into(),
            behind: [0, 3].into(),
        };
        let text = "rank 1 of 4 waited 2.0 s for all_reduce 7 of Float [1024], which another rank did not join; \
                    no heartbeat from rank 2; not yet begun by ranks 0, 3";
        assert_eq!(error.to_string(), text);
    }
}
