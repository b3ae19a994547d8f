//! The thread of the feed.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::Builder,
    time::Duration,
};

use super::Feed;
use crate::data::{FeedRequest, Snapshot};

/// The name of the feed's thread; a panic there becomes an error on the screen.
pub const THREAD: &str = "clip-lab-feed";

/// How often the store is checked for changes.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// If the thread cannot be spawned.
pub fn start(
    mut feed: Feed,
    first: FeedRequest,
) -> std::io::Result<(Sender<FeedRequest>, Receiver<Snapshot>)> {
    let (requests, received) = channel::<FeedRequest>();
    let (sender, snapshots) = channel();
    Builder::new().name(THREAD.to_string()).spawn(move || {
        let (mut request, mut new) = (first, true);
        loop {
            if let Some(snapshot) = feed.poll_safely(&request, new)
                && sender.send(snapshot).is_err()
            {
                return;
            }
            new = false;
            match received.recv_timeout(POLL_INTERVAL) {
                Ok(next) => (request, new) = (next, true),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    })?;
    Ok((requests, snapshots))
}
