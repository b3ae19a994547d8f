//! The fields of a protobuf message, without its schema.
//!
//! Source of the wire format: <https://protobuf.dev/programming-guides/encoding/>.

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// int32, int64, uint64, bool, enum.
    Varint(u64),
    /// double, fixed64.
    Fixed64([u8; 8]),
    /// string, bytes, messages, packed lists.
    Bytes(&'a [u8]),
    /// float, fixed32.
    Fixed32([u8; 4]),
}

impl<'a> Value<'a> {
    /// A string, bytes or a message; empty for another type.
    pub fn bytes(self) -> &'a [u8] {
        if let Value::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// A string; invalid UTF-8 is replaced.
    pub fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// An int64; 0 for another type.
    pub fn integer(self) -> i64 {
        if let Value::Varint(number) = self { number as i64 } else { 0 }
    }

    /// A float or a double; NaN for another type.
    pub fn float(self) -> f64 {
        match self {
            Value::Fixed32(bytes) => f32::from_le_bytes(bytes).into(),
            Value::Fixed64(bytes) => f64::from_le_bytes(bytes),
            _ => f64::NAN,
        }
    }
}

/// Calls `each` with number and value of every field of a message. None if the message is malformed.
pub fn fields<'a>(mut message: &'a [u8], mut each: impl FnMut(u64, Value<'a>)) -> Option<()> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut message)?),
            1 => Value::Fixed64(take(&mut message, 8)?.try_into().ok()?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                Value::Bytes(take(&mut message, length)?)
            }
            5 => Value::Fixed32(take(&mut message, 4)?.try_into().ok()?),
            _ => return None, // groups, which no format here uses
        };
        each(key >> 3, value);
    }
    Some(())
}

/// A varint: 7 bits per byte, lowest first, at most 10 bytes.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_all_types_are_read() {
        // The first example of the format's documentation, then a string, a double and a float.
        let message = [
            &[0x08, 0x96, 0x01, 0x12, 1, b'a', 0x19][..],
            &1.5_f64.to_le_bytes(),
            &[0x25],
            &2_f32.to_le_bytes(),
        ];
        let mut found = Vec::new();
        fields(&message.concat(), |number, value| {
            found.push((number, value.integer(), value.text(), value.float()))
        });
        assert_eq!((found[0].0, found[0].1), (1, 150));
        assert_eq!((found[1].0, found[1].2.as_str()), (2, "a"));
        assert_eq!((found[2].3, found[3].3), (1.5, 2.0));
    }

    #[test]
    fn a_malformed_message_is_none() {
        for bytes in [&[0x08][..], &[0x12, 5, 1], &[0x0b], &[0xff; 11], &[0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]]
        {
            assert_eq!(fields(bytes, |_, _| ()), None, "{bytes:?}");
        }
    }
}
