//! `hf:org/name[@revision]` and `hf:datasets/org/name[@revision][/path]`.

use std::{fmt, str::FromStr};

use anyhow::{Error, Result, bail, ensure};

/// Prefix of hub names.
const PREFIX: &str = "hf:";
/// Prefix of data sets, as in huggingface_hub.
const DATASETS: &str = "datasets/";

/// A kind of repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A model.
    Model,
    /// A data set.
    Dataset,
}

/// A repository at a revision; for a data set optionally a path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The kind.
    pub kind: Kind,
    /// `org/name`.
    pub id: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// A folder or a file in it; empty for everything.
    pub path: String,
}

/// Whether `text` is a hub name.
pub fn is_name(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rest = text.strip_prefix(PREFIX).unwrap_or(text);
        match rest.strip_prefix(DATASETS) {
            Some(rest) => dataset(text, rest),
            None => model(text, rest),
        }
    }
}

fn model(text: &str, rest: &str) -> Result<Name> {
    let (id, revision) = rest.split_once('@').unwrap_or((rest, "main"));
    let form = "hf:ORGANISATION/NAME or hf:ORGANISATION/NAME@REVISION";
    ensure!(
        id.split('/').count() <= 2 && is_safe_path(id) && is_safe_path(revision),
        "`{text}` is not of the form {form}"
    );
    Ok(Name { kind: Kind::Model, id: id.to_owned(), revision: revision.to_owned(), path: String::new() })
}

fn dataset(text: &str, rest: &str) -> Result<Name> {
    let mut parts = rest.split('/');
    let (org, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
    let mut revision = revision.to_owned();
    // Branches created by the hub have three components: refs/convert/parquet, refs/pr/1.
    if revision == "refs" {
        revision = [Some("refs"), parts.next(), parts.next()].map(Option::unwrap_or_default).join("/");
    }
    let (id, path) = (format!("{org}/{name}"), parts.collect::<Vec<_>>().join("/"));
    let path = path.trim_end_matches('/').to_owned();
    if !is_safe_path(&id) || !is_safe_path(&revision) || !(path.is_empty() || is_safe_path(&path)) {
        bail!(
            "`{text}` is not of the form hf:datasets/ORGANISATION/NAME, with @REVISION after the name or a /PATH in it"
        );
    }
    Ok(Name { kind: Kind::Dataset, id, revision, path })
}

/// Whether every component is valid in a path and a URL; rejects `..`.
pub(crate) fn is_safe_path(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != "..";
    text.split('/').all(part) && !text.contains(['\\', '\0'])
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let datasets = if self.kind == Kind::Dataset { DATASETS } else { "" };
        write!(f, "{PREFIX}{datasets}{}", self.id)?;
        if self.revision != "main" {
            write!(f, "@{}", self.revision)?;
        }
        if self.path.is_empty() { Ok(()) } else { write!(f, "/{}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Kind, String, String, String) {
        let Name { kind, id, revision, path } = text.parse().unwrap();
        (kind, id, revision, path)
    }

    #[test]
    fn names_round_trip() {
        let owned = |kind, id: &str, revision: &str, path: &str| {
            (kind, id.to_owned(), revision.to_owned(), path.to_owned())
        };
        assert_eq!(read("hf:org/vit"), owned(Kind::Model, "org/vit", "main", ""));
        assert_eq!(read("hf:gpt2@v1.0"), owned(Kind::Model, "gpt2", "v1.0", ""));
        assert_eq!(read("hf:org/vit@refs/pr/1"), owned(Kind::Model, "org/vit", "refs/pr/1", ""));
        assert_eq!(read("hf:datasets/org/set"), owned(Kind::Dataset, "org/set", "main", ""));
        assert_eq!(read("hf:datasets/org/set@v2/a/b.tar"), owned(Kind::Dataset, "org/set", "v2", "a/b.tar"));
        let parquet = read("hf:datasets/org/set@refs/convert/parquet/default/train");
        assert_eq!(parquet, owned(Kind::Dataset, "org/set", "refs/convert/parquet", "default/train"));
        for text in ["hf:org/vit", "hf:org/vit@v1", "hf:datasets/org/set@refs/pr/3/x", "hf:datasets/org/set"]
        {
            assert_eq!(text.parse::<Name>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn invalid_names_are_rejected_with_the_expected_form() {
        for text in ["hf:", "hf:../x", "hf:a/b/c", "hf:a//b", "hf:a/b@", "hf:a/../b"] {
            let message = text.parse::<Name>().unwrap_err().to_string();
            assert!(message.contains("is not of the form hf:ORGANISATION/NAME"), "{message}");
        }
        for text in ["hf:datasets/", "hf:datasets/set", "hf:datasets/a/b/../c", "hf:datasets/a/b@refs"] {
            let message = text.parse::<Name>().unwrap_err().to_string();
            assert!(message.contains("is not of the form hf:datasets/ORGANISATION/NAME"), "{message}");
        }
    }
}
