//! What must not leave the machine with a report: passwords and tokens that somebody wrote into a spec.

use toml_edit::{DocumentMut, Item, Value};

/// What stands in their place.
const WITHHELD: &str = "withheld";
/// Ends of keys whose values are secrets.
const KEYS: [&str; 8] =
    ["token", "secret", "password", "passwd", "credential", "credentials", "api_key", "access_key"];
/// The fewest letters and digits behind `hf_` that make a token of the Hugging Face Hub.
const TOKEN: usize = 16;

/// The value of a setting, unless it is a secret.
pub fn value(key: &str, value: &str) -> String {
    if is_secret(key) { WITHHELD.to_owned() } else { text(value) }
}

/// A spec without its secrets; comments and order stay.
pub fn spec(spec: &str) -> String {
    let Ok(mut document) = spec.parse::<DocumentMut>() else { return text(spec) };
    document.iter_mut().for_each(|(key, item)| hide(&key, item));
    text(&document.to_string())
}

fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    KEYS.iter().any(|secret| last.ends_with(secret))
}

fn hide(key: &str, item: &mut Item) {
    match item {
        Item::Value(value) => hide_value(key, value),
        Item::Table(table) => table.iter_mut().for_each(|(key, item)| hide(&key, item)),
        Item::ArrayOfTables(tables) => {
            tables.iter_mut().flat_map(|table| table.iter_mut()).for_each(|(key, item)| hide(&key, item));
        }
        Item::None => {}
    }
}

fn hide_value(key: &str, value: &mut Value) {
    match value {
        Value::InlineTable(table) => table.iter_mut().for_each(|(key, value)| hide_value(&key, value)),
        Value::Array(array) if !is_secret(key) => array.iter_mut().for_each(|value| hide_value(key, value)),
        _ if is_secret(key) => {
            let decor = value.decor().clone();
            *value = WITHHELD.into();
            *value.decor_mut() = decor;
        }
        _ => {}
    }
}

/// A text without the names and passwords of its addresses and without tokens.
pub fn text(text: &str) -> String {
    without_tokens(&without_logins(text))
}

/// `https://name:password@host` as `https://withheld@host`.
fn without_logins(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let host = part.find(|c: char| c.is_whitespace() || "/\"'<>".contains(c)).unwrap_or(part.len());
        let login = part[..host].rfind('@');
        out += "://";
        match login {
            Some(at) => out.extend([WITHHELD, &part[at..]]),
            None => out += part,
        }
    }
    out
}

fn without_tokens(text: &str) -> String {
    let mut parts = text.split("hf_");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        if end >= TOKEN {
            out += WITHHELD;
            out += &part[end..];
        } else {
            out += "hf_";
            out += part;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_withheld_and_all_else_stays() {
        let before = "# a spec\n[data.train]\nhub_token = \"abc\" # mine\nroot = \"https://me:pw@host/data\"\nmax_tokens = 3\n\
                      [[trick]]\nplugin = \"ema\"\nlogin = { user = \"me\", password = \"pw\" }\nnote = \"hf_abcdefghijklmnop1 hf_hub\"\n";
        let after = "# a spec\n[data.train]\nhub_token = \"withheld\" # mine\nroot = \"https://withheld@host/data\"\nmax_tokens = 3\n\
                     [[trick]]\nplugin = \"ema\"\nlogin = { user = \"me\", password = \"withheld\" }\nnote = \"withheld hf_hub\"\n";
        assert_eq!(spec(before), after);
        assert_eq!(value("data.train.token", "x"), WITHHELD);
        assert_eq!(value("loss.plugin", "clip"), "clip");
        assert_eq!(text("mail a@b.c"), "mail a@b.c");
    }
}
