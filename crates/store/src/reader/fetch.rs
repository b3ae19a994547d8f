//! Fetching many rows, and passing lists to SQLite.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, sqlite::SqliteRow};

/// Polls before waiting for rows to accumulate.
const EAGER_POLLS: u32 = 4;
/// How long to let rows accumulate: time for about 100 rows.
const BATCH_WAIT: Duration = Duration::from_micros(50);

/// Fetches many rows in batches. SQLite runs on its own thread, and a wake-up per row costs several times as much as the
/// row.
pub async fn fetch_batched<T>(fetching: impl Future<Output = T>) -> T {
    let (mut fetching, mut waits) = (pin!(fetching), 0);
    poll_fn(|context| {
        let polled = fetching.as_mut().poll(context);
        if polled.is_pending() {
            waits += 1;
            if waits > EAGER_POLLS {
                std::thread::sleep(BATCH_WAIT);
            }
        }
        polled
    })
    .await
}

/// Reads the column `at`, a JSON text that SQLite made.
pub fn json<'r, T: Deserialize<'r>>(row: &'r SqliteRow, at: usize) -> Result<T, sqlx::Error> {
    serde_json::from_str(row.try_get(at)?).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A count or a step. SQLite allows negative numbers: one invalid row must not make the others unreadable.
pub fn at_least_zero(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// As [`at_least_zero`], of a number that may be missing.
pub fn optional(number: Option<i64>) -> Option<u64> {
    number.map(at_least_zero)
}

/// A list for SQLite's `json_each`.
pub fn json_list(list: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(list).unwrap_or_default() // numbers and names always serialize
}
