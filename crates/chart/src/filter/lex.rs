//! Tokeniser of the filter language.

use clip_lab_diagnostics::{Place, Problem};

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `:`
    Contains,
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// The kind of a token.
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
    /// A comparison operator.
    Op(Op),
    /// Anything else, and whether it is quoted: quoted words are not keywords.
    Word(String, bool),
}

/// A token and its span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub place: Place,
}

/// Operators, longer ones first.
const OPS: [(&str, Op); 8] = [
    ("==", Op::Eq),
    ("!=", Op::Ne),
    ("<=", Op::Le),
    (">=", Op::Ge),
    (":", Op::Contains),
    ("=", Op::Eq),
    ("<", Op::Lt),
    (">", Op::Gt),
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
/// Functions of a metric.
pub const STATISTICS: [&str; 4] = ["best", "last", "min", "max"];

/// All tokens of `text`.
pub fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        // After an operator comes a value, which may start with a sign.
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
            return Err(problem.label("add a second \"").help("quotes enclose text with spaces"));
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

/// The longest prefix of the non-empty `rest` that is one word.
fn word(rest: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || "()|,&\":=<>".contains(c);
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let stop = |from: usize| rest[from..].find(ends).map_or(rest.len(), |end| from + end);
    let mut end = stop(first);
    // `a!=b`: the exclamation mark belongs to the operator.
    if rest[end..].starts_with('=') && end > first && rest[..end].ends_with('!') {
        end -= 1;
    }
    let statistic = rest[end..].starts_with('(') && STATISTICS.contains(&&rest[..end]);
    match rest[end..].find(')').filter(|_| statistic) {
        Some(close) => &rest[..end + close + 1],
        None => &rest[..end],
    }
}
