//! Readable dates.

use std::time::{Duration, UNIX_EPOCH};

/// The last millisecond of the year 9999. A store may hold any number.
const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since 1970 as `2026-11-29 16:48 UTC`, or as a number of ms if out of range.
pub fn date(ms: i64) -> String {
    let Some(ms) = u64::try_from(ms).ok().filter(|_| ms <= LAST) else { return format!("{ms} ms") };
    let text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(ms)).to_string();
    format!("{} {} UTC", &text[..10], &text[11..16])
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn any_number_has_a_form() {
        assert_eq!(date(1_795_970_880_000), "2026-11-29 16:48 UTC");
        assert_eq!(
            (date(0), date(253_402_300_799_999)),
            ("1970-01-01 00:00 UTC".into(), "9999-12-31 23:59 UTC".into())
        );
        assert_eq!((date(-1), date(i64::MAX)), ("-1 ms".into(), format!("{} ms", i64::MAX)));
    }
}
