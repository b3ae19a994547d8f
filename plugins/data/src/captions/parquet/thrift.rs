//! The subset of Thrift's compact protocol needed to check a Parquet file before a library allocates memory for it;
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

use anyhow::{Context, Result, bail, ensure};

/// Type code of a byte.
pub const BYTE: u8 = 3;
/// Type code of a text or bytes.
pub const BINARY: u8 = 8;
/// Type code of a double.
pub const DOUBLE: u8 = 7;
/// Type code of a list.
pub const LIST: u8 = 9;
/// Type code of a struct.
pub const STRUCT: u8 = 12;

/// Maximum nesting of structs and lists; Parquet needs fewer than ten levels.
const DEPTH: usize = 32;

/// A reader over bytes.
pub struct Compact<'a>(&'a [u8]);

impl<'a> Compact<'a> {
    /// With nothing read yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Number of bytes left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).context("it ends early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        bail!("a number in it does not end")
    }

    fn zigzag(&mut self) -> Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The value of an integer field of this type.
    pub fn number(&mut self, kind: u8) -> Result<i64> {
        ensure!((4..=6).contains(&kind), "a number in it has type {kind}");
        self.zigzag()
    }

    /// The value of an integer field that the library reads as 32 bits, without an error if it is larger.
    pub fn number32(&mut self, kind: u8) -> Result<i64> {
        let number = self.number(kind)?;
        ensure!(i32::try_from(number).is_ok(), "the number {number} in it exceeds 32 bits");
        Ok(number)
    }

    /// Calls `each` with number and type of every field of a struct; a field for which it returns false is skipped.
    pub fn fields(&mut self, each: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool>) -> Result<()> {
        self.fields_within(DEPTH, each)
    }

    fn fields_within(
        &mut self,
        depth: usize,
        each: &mut dyn FnMut(&mut Self, i64, u8) -> Result<bool>,
    ) -> Result<()> {
        let mut last = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let number = match head >> 4 {
                0 => self.zigzag()?,
                more => last + i64::from(more),
            };
            // As every writer stores them. The library truncates a number to 16 bits, and keeps the last of equal ones.
            ensure!(number > last && number <= i64::from(i16::MAX), "its fields are out of order");
            last = number;
            if !each(self, number, head & 15)? {
                self.skip(head & 15, depth)?;
            }
        }
    }

    /// Type and number of the elements of a list; checked against the bytes left.
    pub fn list(&mut self) -> Result<(u8, usize)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        let (count, left) = (usize::try_from(count)?, self.left());
        ensure!(count <= left, "a list in it claims {count} elements in {left} bytes");
        Ok((head & 15, count))
    }

    /// Skips a value that holds no others.
    pub fn skip_scalar(&mut self, kind: u8) -> Result<()> {
        self.skip(kind, 1)
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<()> {
        let depth = depth.checked_sub(1).context("its structs are nested too deep")?;
        match kind {
            1 | 2 => {} // booleans are encoded in the field type
            BYTE => drop(self.byte()?),
            4..=6 => drop(self.varint()?),
            DOUBLE => drop(self.take(8)?),
            BINARY => {
                let length = usize::try_from(self.varint()?)?;
                self.take(length)?;
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                // The library skips them as if they took no bytes.
                ensure!(count == 0 || !matches!(kind, 1 | 2), "it contains a list of booleans");
                (0..count).try_for_each(|_| self.skip(kind, depth))?;
            }
            STRUCT => self.fields_within(depth, &mut |_, _, _| Ok(false))?,
            other => bail!("it contains a value of the unknown type {other}"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_others_skipped() {
        // 1: 5, 2: [1, 2], 4: {1: true}, 5: "ab", 6: -1
        let bytes = [0x15, 10, 0x19, 0x25, 2, 4, 0x2c, 0x11, 0, 0x18, 2, b'a', b'b', 0x15, 1, 0, 99];
        let (mut reader, mut found) = (Compact::new(&bytes), Vec::new());
        reader
            .fields(&mut |reader, number, kind| {
                let handled = matches!(number, 1 | 6);
                if handled {
                    found.push((number, reader.number(kind)?));
                }
                Ok(handled)
            })
            .unwrap();
        assert_eq!((found, reader.left()), (vec![(1, 5), (6, -1)], 1));
    }

    #[test]
    fn false_claims_are_refused() {
        let error =
            |bytes: &[u8]| Compact::new(bytes).fields(&mut |_, _, _| Ok(false)).unwrap_err().to_string();
        assert!(
            error(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0x0f, 0]).contains("claims 33554431 elements in 1 bytes")
        );
        assert!(error(&[0x18, 9, 0]).contains("ends early"));
        assert!(
            error(&[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
                .contains("does not end")
        );
        assert!(error(&vec![0x1c; 100_000]).contains("nested too deep"));
    }

    #[test]
    fn what_the_library_reads_differently_is_refused() {
        let error =
            |bytes: &[u8]| Compact::new(bytes).fields(&mut |_, _, _| Ok(false)).unwrap_err().to_string();
        // Field 65538, which is 2 in 16 bits; field 2 twice, the second time by its number; field 0.
        for bytes in [&[0x05, 0x84, 0x80, 0x08, 0, 0][..], &[0x25, 0, 0x05, 4, 0, 0], &[0x05, 0, 0, 0]] {
            assert!(error(bytes).contains("out of order"), "{}", error(bytes));
        }
        assert!(error(&[0x19, 0x22, 1, 1, 0]).contains("a list of booleans"));
        let large = [0x80, 0x80, 0x80, 0x80, 0x20];
        assert!(Compact::new(&large).number32(5).unwrap_err().to_string().contains("exceeds 32 bits"));
    }
}
