//! Withholds passwords and tokens in specs, so that reports do not leak them.

use clip_lab_redact::WITHHELD;
pub use clip_lab_redact::text;
use toml_edit::{DocumentMut, Item, Value};

/// Suffixes of keys whose values are secrets.
const KEYS: [&str; 8] =
    ["token", "secret", "password", "passwd", "credential", "credentials", "api_key", "access_key"];

/// The value of a setting, unless it is a secret.
pub fn value(key: &str, value: &str) -> String {
    if is_secret(key) { WITHHELD.to_owned() } else { text(value) }
}

/// The value of a setting in JSON, unless it is a secret.
pub fn json(key: &str, json: &str) -> String {
    if is_secret(key) { format!("\"{WITHHELD}\"") } else { text(json) }
}

/// A spec with its secrets withheld. Preserves comments and order; a spec without secrets is unchanged.
pub fn spec(spec: &str) -> String {
    let Ok(mut document) = spec.parse::<DocumentMut>() else { return text(spec) };
    let before = document.to_string();
    document.iter_mut().for_each(|(key, item)| hide(&key, item));
    let after = document.to_string();
    text(if after == before { spec } else { &after })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_are_withheld() {
        let before = "# a spec\n[data.train]\nhub_token = \"abc\" # mine\nroot = \"https://me:pw@host/data\"\nmax_tokens = 3\n\
                      [[trick]]\nplugin = \"ema\"\nlogin = { user = \"me\", password = \"pw\" }\nnote = \"hf_abcdefghijklmnop1 hf_hub\"\n";
        let after = "# a spec\n[data.train]\nhub_token = \"withheld\" # mine\nroot = \"https://withheld@host/data\"\nmax_tokens = 3\n\
                     [[trick]]\nplugin = \"ema\"\nlogin = { user = \"me\", password = \"withheld\" }\nnote = \"withheld hf_hub\"\n";
        assert_eq!(spec(before), after);
        assert_eq!(value("data.train.token", "x"), WITHHELD);
        assert_eq!(value("loss.plugin", "clip"), "clip");
        assert_eq!(json("data.train.token", "\"x\""), "\"withheld\"");
        assert_eq!(json("data.train.shards", "[\"https://h/?sig=x\"]"), "[\"https://h/?sig=withheld\"]");
        assert_eq!(text("mail a@b.c"), "mail a@b.c");
        assert_eq!(spec(&spec(before)), after);
        let plain = "root = 'data'\r\n\r\n[run] # no secret\r\nsteps=3";
        assert_eq!(spec(plain), plain);
        assert_eq!(
            spec("shards = [\"https://h/{0..9}.tar?X-Amz-Signature=f00&v=1\"]\n"),
            "shards = [\"https://h/{0..9}.tar?X-Amz-Signature=withheld&v=1\"]\n"
        );
    }
}
