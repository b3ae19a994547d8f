//! From text to tokens, each with its place.

use clip_lab_problem::{Place, Problem};

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `:`, contains.
    Like,
    /// `=`
    Same,
    /// `!=`
    Other,
    /// `<`
    Less,
    /// `<=`
    Most,
    /// `>`
    More,
    /// `>=`
    Least,
}

/// What a piece of the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `OR`, `|`, `,`
    Or,
    /// `AND`, `&`
    And,
    /// `NOT`, `-`, `!`
    Not,
    /// A comparison.
    Op(Op),
    /// Anything else; whether it was quoted, so that it is no keyword.
    Word(String, bool),
}

/// A piece and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub place: Place,
}

/// Written signs, the longer ones first.
const OPS: [(&str, Op); 8] = [
    ("==", Op::Same),
    ("!=", Op::Other),
    ("<=", Op::Most),
    (">=", Op::Least),
    (":", Op::Like),
    ("=", Op::Same),
    ("<", Op::Less),
    (">", Op::More),
];
const SIGNS: [(&str, Kind); 8] = [
    ("(", Kind::Open),
    (")", Kind::Close),
    ("||", Kind::Or),
    ("|", Kind::Or),
    (",", Kind::Or),
    ("&&", Kind::And),
    ("&", Kind::And),
    ("!", Kind::Not),
];
/// Words that take a metric in parentheses.
pub const PICKS: [&str; 4] = ["best", "last", "min", "max"];

/// All tokens of `text`.
pub fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        // After a comparison stands a value, which may begin with a sign of its own.
        let value = matches!(tokens.last(), Some(Token { kind: Kind::Op(_), .. }));
        let (kind, length) = token(&text[at..], at, value)?;
        tokens.push(Token { kind, place: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, at: usize, value: bool) -> Result<(Kind, usize), Problem> {
    if let Some(inside) = rest.strip_prefix('"') {
        let Some(end) = inside.find('"') else {
            let problem = Problem::at(at..at + rest.len(), "the quote is never closed");
            return Err(problem.label("add a second \"").help("quotes hold words with blanks together"));
        };
        return Ok((Kind::Word(inside[..end].to_string(), true), end + 2));
    }
    if let Some((sign, op)) = OPS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((Kind::Op(*op), sign.len()));
    }
    let negative = value && rest.starts_with('!');
    if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign) && !negative) {
        return Ok((kind.clone(), sign.len()));
    }
    if rest.starts_with('-') && !value {
        return Ok((Kind::Not, 1));
    }
    let word = word(rest);
    let kind = match word {
        "AND" => Kind::And,
        "OR" => Kind::Or,
        "NOT" => Kind::Not,
        _ => Kind::Word(word.to_string(), false),
    };
    Ok((kind, word.len()))
}

/// The longest beginning of `rest`, which is not empty, that is one word.
fn word(rest: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || "()|,&\":=<>".contains(c);
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let stop = |from: usize| rest[from..].find(ends).map_or(rest.len(), |end| from + end);
    let mut end = stop(first);
    // `a!=b`: the exclamation mark belongs to the comparison.
    if rest[end..].starts_with('=') && end > first && rest[..end].ends_with('!') {
        end -= 1;
    }
    let pick = rest[end..].starts_with('(') && PICKS.contains(&&rest[..end]);
    match rest[end..].find(')').filter(|_| pick) {
        Some(close) => &rest[..end + close + 1],
        None => &rest[..end],
    }
}
