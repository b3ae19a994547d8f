//! Asking for many things at once, and taking many rows.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use serde::Serialize;

/// Rows that are waited for one by one before they are left to pile up.
const PROMPT: u32 = 4;
/// How long rows pile up; as good as nothing to a person, and time for a hundred rows.
const PILE: Duration = Duration::from_micros(50);

/// Fetches many rows. SQLite runs on a thread of its own; to be woken for each row it hands over costs several times as
/// much as the row.
pub async fn piled<T>(fetching: impl Future<Output = T>) -> T {
    let (mut fetching, mut waits) = (pin!(fetching), 0);
    poll_fn(|context| {
        let polled = fetching.as_mut().poll(context);
        if polled.is_pending() {
            waits += 1;
            if waits > PROMPT {
                std::thread::sleep(PILE);
            }
        }
        polled
    })
    .await
}

/// A list for SQLite's `json_each`.
pub fn json(list: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(list).unwrap_or_default() // numbers and names: nothing in them can fail
}
