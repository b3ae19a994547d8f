//! CLIP's vocabulary and merges, recovered from the library that embeds them: it decodes ids but does not expose the
//! merges.

use std::collections::HashMap;

use clip_lab_plugin_api::prelude::*;
use instant_clip_tokenizer::{Token, Tokenizer as Bpe};

/// Number of byte values. The first ids are the bytes, then the bytes at the end of a word, then the merges.
const BYTES: usize = 256;
/// Marks the end of a word.
const END: &str = "</w>";
/// Prefixes that complete tokens starting within a character, with one, two or three bytes missing after them.
const BEFORE: [&[u8]; 4] = [b"", b"\xC3", b"\xE3", b"\xF1"];
/// Suffixes that complete tokens ending within a character.
const AFTER: [&[u8]; 7] = [b"", b"\x80", b"\xA0", b"\x80\x80", b"\xA0\x80", b"\x80\x80\x80", b"\xA0\x80\x80"];

/// Stands for bytes that are not valid UTF-8.
const REPLACEMENT: char = '\u{FFFD}';

/// The merges, in order of priority.
pub type Merges = Vec<(String, String)>;

/// Tokens by id, the last two being the start and the end token, and the merges in order.
///
/// # Errors
/// If the library's decodings are inconsistent.
pub fn vocabulary() -> Result<(Vec<String>, Merges)> {
    let (bpe, alphabet) = (Bpe::new(), alphabet());
    let letters: Vec<char> = alphabet.iter().map(|(letter, _)| *letter).collect();
    let mut tokens: Vec<String> = letters.iter().map(char::to_string).collect();
    tokens.extend(letters.iter().map(|letter| format!("{letter}{END}")));
    let by_byte: HashMap<u8, (usize, char)> =
        alphabet.iter().enumerate().map(|(id, (letter, byte))| (*byte, (id, *letter))).collect();
    let mut pairs = Pairs {
        ids: (0u16..).zip(&tokens).map(|(id, token)| (token.clone(), id)).collect(),
        ..Pairs::default()
    };
    for id in 2 * BYTES as u16..bpe.start_of_text().to_u16() {
        let (bytes, ends) =
            spelling(&bpe, id, &by_byte).with_context(|| format!("token {id} of CLIP has no spelling"))?;
        let letters: Vec<String> = bytes.iter().map(|byte| by_byte[byte].1.to_string()).collect();
        let token = letters.concat() + if ends { END } else { "" };
        pairs
            .add(letters, ends, id)
            .with_context(|| format!("token {id} of CLIP, `{token}`, is not a merge"))?;
        pairs.ids.insert(token.clone(), id);
        tokens.push(token);
    }
    let merges =
        pairs.order.iter().map(|(a, b)| (tokens[usize::from(*a)].clone(), tokens[usize::from(*b)].clone()));
    let merges = merges.collect();
    tokens.extend(["<|startoftext|>".to_owned(), "<|endoftext|>".to_owned()]);
    Ok((tokens, merges))
}

/// Bytes in the order of their ids, each with its letter: the byte itself if printable.
fn alphabet() -> Vec<(char, u8)> {
    let plain = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let printed = (0..=u8::MAX).filter(plain).map(|byte| (char::from(byte), byte));
    let others = (0..=u8::MAX).filter(|byte| !plain(byte));
    let others = others.zip(256u32..).filter_map(|(byte, code)| Some((char::from_u32(code)?, byte)));
    printed.chain(others).collect()
}

/// The bytes of a token, and whether it ends a word. The library decodes valid UTF-8 only, so a token that is not is
/// decoded between bytes that complete it.
fn spelling(bpe: &Bpe, id: u16, by_byte: &HashMap<u8, (usize, char)>) -> Option<(Vec<u8>, bool)> {
    let token = |id: u16| Token::from_u16(id, bpe);
    let byte = |byte: &u8| token(u16::try_from(by_byte[byte].0).ok()?);
    let ways = BEFORE.iter().flat_map(|before| AFTER.iter().map(move |after| (*before, *after)));
    let decode = |before: &[u8], after: &[u8]| {
        let mut tokens: Vec<Token> = before.iter().map(byte).collect::<Option<_>>()?;
        tokens.push(token(id)?);
        tokens.extend(after.iter().map(byte).collect::<Option<Vec<_>>>()?);
        let decoded = bpe.decode(tokens);
        let inner = decoded.as_bytes().get(before.len()..decoded.len().checked_sub(after.len())?)?;
        let (ends, whole) = (inner.last() == Some(&b' '), !decoded.contains(REPLACEMENT));
        Some((inner[..inner.len() - usize::from(ends)].to_vec(), ends, whole))
    };
    let clear =
        ways.into_iter().find_map(|(before, after)| decode(before, after).filter(|(.., whole)| *whole));
    // Two tokens are the replacement character itself, which also stands for invalid UTF-8.
    let replacement =
        || decode(b"", b"").filter(|(bytes, ..)| *bytes == REPLACEMENT.to_string().into_bytes());
    clear.or_else(replacement).map(|(bytes, ends, _)| (bytes, ends))
}

/// Merges found so far.
#[derive(Default)]
struct Pairs {
    ids: HashMap<String, u16>,
    by_pair: HashMap<(u16, u16), u16>,
    order: Vec<(u16, u16)>,
}

impl Pairs {
    /// Applies the earlier merges to the letters of a token; the two parts that remain are this token's merge.
    fn add(&mut self, letters: Vec<String>, ends: bool, id: u16) -> Option<()> {
        let last = letters.len().checked_sub(1)?;
        let marked =
            |(place, letter): (usize, String)| if ends && place == last { letter + END } else { letter };
        let mut parts: Vec<u16> = letters
            .into_iter()
            .enumerate()
            .map(|one| self.ids.get(&marked(one)).copied())
            .collect::<Option<_>>()?;
        while parts.len() > 2 {
            let pairs = parts.windows(2).filter_map(|pair| self.by_pair.get(&(pair[0], pair[1])));
            let first = *pairs.min()?;
            let mut place = 0;
            while place + 1 < parts.len() {
                if self.by_pair.get(&(parts[place], parts[place + 1])) == Some(&first) {
                    parts[place] = first;
                    parts.remove(place + 1);
                }
                place += 1;
            }
        }
        let pair = (*parts.first()?, *parts.get(1)?);
        self.by_pair.insert(pair, id);
        self.order.push(pair);
        Some(())
    }
}
