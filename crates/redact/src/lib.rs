//! Texts without secrets: the logins and signed queries of addresses, and tokens of the Hugging Face Hub.
//!
//! Every address that is shown, logged or stored passes through [`text`].

/// What stands where a secret stood.
pub const WITHHELD: &str = "withheld";

/// The fewest letters and digits behind `hf_` that make a token of the Hugging Face Hub.
const TOKEN: usize = 16;
/// A value of a query with at least as many characters is taken for a key, whatever it is called.
const OPAQUE: usize = 20;
/// A parameter of a query with one of these in its name is a secret.
const PARTS: [&str; 14] = [
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
/// A parameter of a query with one of these names is a secret.
const NAMES: [&str; 9] = ["sig", "key", "auth", "authorization", "jwt", "session", "policy", "code", "login"];

/// A text without the logins and secret parameters of its addresses and without tokens; idempotent.
pub fn text(text: &str) -> String {
    without_tokens(&without_address_secrets(text))
}

/// Whether [`text`] would withhold anything.
pub fn holds_secret(of: &str) -> bool {
    text(of) != of
}

/// `https://name:password@host/x?token=abc` as `https://withheld@host/x?token=withheld`.
fn without_address_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>`".contains(c);
        let (address, rest) = part.split_at(part.find(ends).unwrap_or(part.len()));
        out += "://";
        out += &without_query(&without_login(address));
        out += rest;
    }
    out
}

/// `name:password@host/x` as `withheld@host/x`.
fn without_login(address: &str) -> String {
    let host = address.find('/').unwrap_or(address.len());
    match address[..host].rfind('@') {
        Some(at) => format!("{WITHHELD}{}", &address[at..]),
        None => address.to_owned(),
    }
}

/// The parameters behind `?` and `#`, those that are secret withheld.
fn without_query(address: &str) -> String {
    let Some(start) = address.find(['?', '#']) else { return address.to_owned() };
    let parameters = address[start..].split_inclusive(['?', '#', '&', ';']).map(parameter);
    address[..start].to_owned() + &parameters.collect::<String>()
}

/// One `name=value`, with the character that ends it.
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
    NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

fn is_opaque(value: &str) -> bool {
    value.chars().count() >= OPAQUE
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
    use super::{holds_secret, text};

    #[test]
    fn logins_and_signatures_of_addresses_are_withheld() {
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
    fn what_is_no_secret_stays() {
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
