//! `Event { double wall_time = 1; int64 step = 2; Summary summary = 5 { repeated Value value = 1 }; SessionLog session_log
//! = 7 { SessionStatus status = 1 } }`.

use crate::proto::fields;

/// SessionLog.START: the tool restarted at this step, and what it had recorded after it is void.
const START: i64 = 1;

/// An event.
#[derive(Debug, Default)]
pub struct Event<'a> {
    /// Seconds since 1970.
    pub wall_time: f64,
    pub step: i64,
    /// The messages of its values.
    pub values: Vec<&'a [u8]>,
    pub restarts: bool,
}

impl<'a> Event<'a> {
    /// None if the message is malformed.
    pub fn read(message: &'a [u8]) -> Option<Event<'a>> {
        let mut event = Event::default();
        let (mut summary, mut session) = (&[][..], &[][..]);
        fields(message, |number, value| match number {
            1 => event.wall_time = value.float(),
            2 => event.step = value.integer(),
            5 => summary = value.bytes(),
            7 => session = value.bytes(),
            _ => {}
        })?;
        fields(summary, |number, value| {
            if number == 1 {
                event.values.push(value.bytes());
            }
        })?;
        fields(session, |number, value| event.restarts |= number == 1 && value.integer() == START)?;
        Some(event)
    }
}
