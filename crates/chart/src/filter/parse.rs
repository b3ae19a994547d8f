//! Parser of the filter language: OR binds weakest, then AND, then NOT.

use clip_lab_diagnostics::{Place, Problem};
use clip_lab_store::Status;

use super::{
    expr::{Expr, Field, Value},
    lex::{Kind, Op, STATISTICS, Token, tokens},
    subject::{STATUS_GROUPS, Statistic},
};

/// Maximum nesting of parentheses and negations: prevents a stack overflow.
const MAX_DEPTH: usize = 64;

/// Parses `text`.
pub fn expr(text: &str) -> Result<Expr, Problem> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len(), depth: 0 };
    if tokens.is_empty() {
        return Ok(Expr::And(Vec::new()));
    }
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(token) => Err(Problem::at(token.place.clone(), "this parenthesis was never opened")
            .help("remove it, or add `(` before it")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    end: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, kind: &Kind) -> bool {
        let takes = self.peek().is_some_and(|token| token.kind == *kind);
        self.at += usize::from(takes);
        takes
    }

    fn or(&mut self) -> Result<Expr, Problem> {
        let mut any = vec![self.and()?];
        while self.takes(&Kind::Or) {
            any.push(self.and()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expr::Or(any) })
    }

    fn and(&mut self) -> Result<Expr, Problem> {
        let mut all = vec![self.not()?];
        loop {
            let explicit = self.takes(&Kind::And);
            let ends = matches!(self.peek().map(|token| &token.kind), None | Some(Kind::Or | Kind::Close));
            if ends && !explicit {
                return Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) });
            }
            all.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, Problem> {
        let place = self.here();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::at(place, format!("nested more than {MAX_DEPTH} levels deep"))
                .help("simplify the filter"));
        }
        let expr =
            if self.takes(&Kind::Not) { self.not().map(|e| Expr::Not(Box::new(e))) } else { self.atom() };
        self.depth -= 1;
        expr
    }

    fn atom(&mut self) -> Result<Expr, Problem> {
        let open = self.here();
        if self.takes(&Kind::Open) {
            let inside = self.or()?;
            if !self.takes(&Kind::Close) {
                return Err(Problem::at(open, "this parenthesis is never closed").help("add `)`"));
            }
            return Ok(inside);
        }
        let (word, quoted, place) = self.word("a word, a field or `(`")?;
        let Some(Token { kind: Kind::Op(op), place: sign }) = self.peek() else {
            return Ok(Expr::Word(word.to_lowercase()));
        };
        self.at += 1;
        let (value, _, value_place) = self.word(&format!("a value after {}", symbol(*op)))?;
        let value = Value::new(value);
        if op.needs_number() && value.number.is_none() {
            let message = format!("{} compares numbers, but `{}` is not a number", symbol(*op), value.text);
            return Err(Problem::at(value_place, message).help("such as 1e-4, 0.25 or 25%"));
        }
        let whole = sign.start.min(place.start)..value_place.end;
        if word == "has" && !quoted {
            return Ok(Expr::Has(value.text));
        }
        if word == "status" {
            known_status(&value, value_place)?;
        }
        let field = field(&word, place)?;
        Ok(Expr::Field { field, op: *op, value, place: whole })
    }

    fn word(&mut self, expected: &str) -> Result<(String, bool, Place), Problem> {
        let place = self.here();
        match self.peek().map(|token| &token.kind) {
            Some(Kind::Word(word, quoted)) => {
                self.at += 1;
                Ok((word.clone(), *quoted, place))
            }
            Some(_) => {
                Err(Problem::at(place, format!("expected {expected}")).help("quote literal text: \"a|b\""))
            }
            None => Err(Problem::at(place, format!("expected {expected}, but the filter ends"))),
        }
    }

    fn here(&self) -> Place {
        self.peek().map_or(self.end..self.end, |token| token.place.clone())
    }
}

/// Parses `best(hit@1)` and the like: which value of a metric, by default the last.
pub fn field(word: &str, place: Place) -> Result<Field, Problem> {
    let inside =
        word.split_once('(').and_then(|(statistic, rest)| Some((statistic, rest.strip_suffix(')')?)));
    let (statistic, name) = match inside.filter(|(statistic, _)| STATISTICS.contains(statistic)) {
        Some(("best", name)) => (Statistic::Best, name),
        Some(("min", name)) => (Statistic::Min, name),
        Some(("max", name)) => (Statistic::Max, name),
        Some((_, name)) => (Statistic::Last, name),
        None => (Statistic::Last, word),
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(Problem::at(place, "the name is missing").help("name a metric, such as best(hit@1)"));
    }
    Ok(Field { name: name.to_string(), statistic, place })
}

fn known_status(value: &Value, place: Place) -> Result<(), Problem> {
    let word = value.text.to_lowercase().replace('-', "_");
    let known: Vec<&str> = Status::ALL.map(Status::as_str).into_iter().chain(STATUS_GROUPS).collect();
    if word.contains('*') || known.iter().any(|status| status.contains(&word)) {
        return Ok(());
    }
    Err(Problem::unknown(place, format!("unknown status `{}`", value.text), &word, &known))
}

fn symbol(op: Op) -> &'static str {
    match op {
        Op::Contains => "`:`",
        Op::Eq => "`=`",
        Op::Ne => "`!=`",
        Op::Lt => "`<`",
        Op::Le => "`<=`",
        Op::Gt => "`>`",
        Op::Ge => "`>=`",
    }
}
