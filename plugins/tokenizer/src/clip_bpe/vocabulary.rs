//! CLIP's vocabulary, asked of the library that carries it: it tells what ids mean, not which pairs became tokens.

use std::collections::HashMap;

use clip_lab_api::prelude::*;
use instant_clip_tokenizer::{Token, Tokenizer as Bpe};

/// Bytes, each alone and each as the end of a word, come before all pairs.
const BYTES: usize = 256;
/// What marks the end of a word.
const END: &str = "</w>";
/// Bytes that make whole characters of tokens that begin in the middle of one: one, two or three are missing after them.
const BEFORE: [&[u8]; 4] = [b"", b"\xC3", b"\xE3", b"\xF1"];
/// And of those that end in the middle of one.
const AFTER: [&[u8]; 7] = [b"", b"\x80", b"\xA0", b"\x80\x80", b"\xA0\x80", b"\x80\x80\x80", b"\xA0\x80\x80"];

/// What stands for bytes that are no text.
const STRANGE: char = '\u{FFFD}';

/// Pairs that become one token, the first to be merged first.
pub type Merges = Vec<(String, String)>;

/// Tokens by id, the last two being those that open and end a text, and pairs in the order in which they are merged.
///
/// # Errors
/// When the library's answers do not fit together.
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
            spelled(&bpe, id, &by_byte).with_context(|| format!("token {id} of CLIP has no spelling"))?;
        let letters: Vec<String> = bytes.iter().map(|byte| by_byte[byte].1.to_string()).collect();
        let token = letters.concat() + if ends { END } else { "" };
        pairs
            .learn(letters, ends, id)
            .with_context(|| format!("token {id} of CLIP, `{token}`, is no pair"))?;
        pairs.ids.insert(token.clone(), id);
        tokens.push(token);
    }
    let merges =
        pairs.order.iter().map(|(a, b)| (tokens[usize::from(*a)].clone(), tokens[usize::from(*b)].clone()));
    let merges = merges.collect();
    tokens.extend(["<|startoftext|>".to_owned(), "<|endoftext|>".to_owned()]);
    Ok((tokens, merges))
}

/// Bytes in the order of their ids, each with the letter that stands for it: itself where that can be printed.
fn alphabet() -> Vec<(char, u8)> {
    let plain = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let printed = (0..=u8::MAX).filter(plain).map(|byte| (char::from(byte), byte));
    let others = (0..=u8::MAX).filter(|byte| !plain(byte));
    let others = others.zip(256u32..).filter_map(|(byte, code)| Some((char::from_u32(code)?, byte)));
    printed.chain(others).collect()
}

/// The bytes of a token, and whether it ends a word. The library tells text alone, so a token that is no whole text is
/// asked for between bytes that make it one.
fn spelled(bpe: &Bpe, id: u16, by_byte: &HashMap<u8, (usize, char)>) -> Option<(Vec<u8>, bool)> {
    let token = |id: u16| Token::from_u16(id, bpe);
    let byte = |byte: &u8| token(u16::try_from(by_byte[byte].0).ok()?);
    let ways = BEFORE.iter().flat_map(|before| AFTER.iter().map(move |after| (*before, *after)));
    let tell = |before: &[u8], after: &[u8]| {
        let mut asked: Vec<Token> = before.iter().map(byte).collect::<Option<_>>()?;
        asked.push(token(id)?);
        asked.extend(after.iter().map(byte).collect::<Option<Vec<_>>>()?);
        let told = bpe.decode(asked);
        let inner = told.as_bytes().get(before.len()..told.len().checked_sub(after.len())?)?;
        let (ends, whole) = (inner.last() == Some(&b' '), !told.contains(STRANGE));
        Some((inner[..inner.len() - usize::from(ends)].to_vec(), ends, whole))
    };
    let clear = ways.into_iter().find_map(|(before, after)| tell(before, after).filter(|(.., whole)| *whole));
    // Two tokens mean that very letter, which the library also tells where bytes are no text.
    let strange = || tell(b"", b"").filter(|(bytes, ..)| *bytes == STRANGE.to_string().into_bytes());
    clear.or_else(strange).map(|(bytes, ends, _)| (bytes, ends))
}

/// Pairs found so far.
#[derive(Default)]
struct Pairs {
    ids: HashMap<String, u16>,
    merged: HashMap<(u16, u16), u16>,
    order: Vec<(u16, u16)>,
}

impl Pairs {
    /// Merges the letters of a token as far as the earlier pairs go: two are left, which this token is made of.
    fn learn(&mut self, letters: Vec<String>, ends: bool, id: u16) -> Option<()> {
        let last = letters.len().checked_sub(1)?;
        let marked =
            |(place, letter): (usize, String)| if ends && place == last { letter + END } else { letter };
        let mut parts: Vec<u16> = letters
            .into_iter()
            .enumerate()
            .map(|one| self.ids.get(&marked(one)).copied())
            .collect::<Option<_>>()?;
        while parts.len() > 2 {
            let pairs = parts.windows(2).filter_map(|pair| self.merged.get(&(pair[0], pair[1])));
            let first = *pairs.min()?;
            let mut place = 0;
            while place + 1 < parts.len() {
                if self.merged.get(&(parts[place], parts[place + 1])) == Some(&first) {
                    parts[place] = first;
                    parts.remove(place + 1);
                }
                place += 1;
            }
        }
        let pair = (*parts.first()?, *parts.get(1)?);
        self.merged.insert(pair, id);
        self.order.push(pair);
        Some(())
    }
}
