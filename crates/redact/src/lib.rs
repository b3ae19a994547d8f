//! Redacts secrets in text: credentials and signed queries in URLs, and Hugging Face tokens.
//!
//! Every URL that is displayed, logged or stored passes through [`text`].

/// The replacement of a secret.
pub const WITHHELD: &str = "withheld";

/// The shortest Hugging Face token: alphanumeric characters after `hf_`.
const MIN_TOKEN_CHARS: usize = 16;
/// A query value of at least this length is redacted, whatever its name.
const MIN_OPAQUE_CHARS: usize = 20;
/// A query parameter whose name contains one of these is a secret.
const NAME_PARTS: [&str; 14] = [
    "token",
    "secret",
    "passw",
    "pwd",
    "credential",
    "signature",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "accesskey",
    "keyid",
    "key-pair-id",
];
/// A query parameter with one of these names is a secret.
const NAMES: [&str; 9] = ["sig", "key", "auth", "authorization", "jwt", "session", "policy", "code", "login"];

/// Redacts URL credentials, secret query parameters and tokens; idempotent.
pub fn text(text: &str) -> String {
    without_tokens(&without_url_secrets(text))
}

/// Whether [`text`] would redact anything.
pub fn holds_secret(of: &str) -> bool {
    text(of) != of
}

/// `https://name:password@host/x?token=abc` as `https://withheld@host/x?token=withheld`.
fn without_url_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>`".contains(c);
        let (url, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        out += "://";
        out += &without_query(&without_credentials(url));
        out += rest;
    }
    out
}

/// `name:password@host/x` as `withheld@host/x`.
fn without_credentials(url: &str) -> String {
    let host = url.find('/').unwrap_or(url.len());
    match url[..host].rfind('@') {
        Some(at) => format!("{WITHHELD}{}", &url[at..]),
        None => url.to_owned(),
    }
}

/// Redacts the secret parameters after `?` and `#`.
fn without_query(url: &str) -> String {
    let Some(start) = url.find(['?', '#']) else { return url.to_owned() };
    let parameters = url[start..].split_inclusive(['?', '#', '&', ';']).map(parameter);
    url[..start].to_owned() + &parameters.collect::<String>()
}

/// One `name=value`, with its separator.
fn parameter(text: &str) -> String {
    let (body, end) = text.split_at(text.trim_end_matches(['?', '#', '&', ';']).len());
    match body.split_once('=') {
        Some((name, value)) if !value.is_empty() && (is_secret(name) || is_opaque(value)) => {
            format!("{name}={WITHHELD}{end}")
        }
        None if is_opaque(body) => format!("{WITHHELD}{end}"),
        _ => text.to_owned(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || NAME_PARTS.iter().any(|part| name.contains(part))
}

fn is_opaque(value: &str) -> bool {
    value.chars().count() >= MIN_OPAQUE_CHARS
}

fn without_tokens(text: &str) -> String {
    let mut parts = text.split("hf_");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        if end >= MIN_TOKEN_CHARS {
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
    use super::{holds_secret, text};

    #[test]
    fn credentials_and_signatures_of_urls_are_withheld() {
        let cases = [
            ("https://me:word@host:81/a.tar", "https://withheld@host:81/a.tar"),
            ("at https://host/a.tar?token=abc, then", "at https://host/a.tar?token=withheld then"),
            ("s3://b/k?X-Amz-Signature=0f&x=1", "s3://b/k?X-Amz-Signature=withheld&x=1"),
            ("(\"https://h/x?a=1&sig=b%2Bc#t\")", "(\"https://h/x?a=1&sig=withheld#t\")"),
            ("https://h/x?v=0123456789abcdef0123", "https://h/x?v=withheld"),
            ("https://h/x?0123456789abcdef0123", "https://h/x?withheld"),
            ("https://h/x#access_token=z", "https://h/x#access_token=withheld"),
            ("https://a/?key=1 http://b/?Expires=2", "https://a/?key=withheld http://b/?Expires=2"),
            ("hf_abcdefghijklmnop1 hf_hub", "withheld hf_hub"),
        ];
        for (before, after) in cases {
            assert_eq!(text(before), after);
            assert_eq!(text(after), after, "idempotent");
            assert!(holds_secret(before) && !holds_secret(after));
        }
    }

    #[test]
    fn text_without_secrets_is_unchanged() {
        for plain in [
            "mail a@b.c?token=1",
            "https://host/a/b-{000..012}.tar?version=3&download=true",
            "hf:datasets/org/set@v1/a.tar",
            "https://h/x?token=&sig",
            "",
        ] {
            assert_eq!(text(plain), plain);
        }
    }
}
