//! Withholds passwords and tokens in specs, so that reports do not leak them.

use clip_lab_redact::WITHHELD;
pub use clip_lab_redact::text;
use toml_edit::{DocumentMut, Item, Value};

/// Keys, or their last words, whose values are secrets.
const SECRETS: [&str; 11] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "credentials",
    "api_key",
    "apikey",
    "access_key",
    "secret_key",
    "private_key",
];
/// The words before `token` that make the value of a key a secret. Other tokens, such as `cls_token`, are settings of a
/// model.
const TOKENS: [&str; 13] = [
    "access",
    "api",
    "auth",
    "bearer",
    "hf",
    "hub",
    "huggingface",
    "identity",
    "login",
    "private",
    "refresh",
    "security",
    "session",
];

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
    let key = key.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().replace('-', "_");
    let ends = |name: &str, words: &[&str]| words.iter().any(|word| ends_with_word(name, word));
    let is_token = |kind: &str| kind.is_empty() || ends(kind.trim_end_matches('_'), &TOKENS);
    ends(&key, &SECRETS) || key.strip_suffix("token").is_some_and(is_token)
}

/// Whether `name` is `word` or ends with `_word`.
fn ends_with_word(name: &str, word: &str) -> bool {
    name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_'))
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
        let keys = [
            "hf_token",
            "my-api-token",
            "authToken",
            "model.text.AWS_SESSION_TOKEN",
            "client_secret",
            "data.openai_api_key",
        ];
        assert!(keys.iter().all(|key| is_secret(key)));
        let keys = [
            "model.image.cls_token",
            "tokenizer.pad_token",
            "max_tokens",
            "token_dropout",
            "tokenizer",
            "key",
        ];
        assert!(!keys.iter().any(|key| is_secret(key)));
        let plain = "root = 'data'\r\n\r\n[run] # no secret\r\nsteps=3";
        assert_eq!(spec(plain), plain);
        assert_eq!(
            spec("shards = [\"https://h/{0..9}.tar?X-Amz-Signature=f00&v=1\"]\n"),
            "shards = [\"https://h/{0..9}.tar?X-Amz-Signature=withheld&v=1\"]\n"
        );
    }
}
