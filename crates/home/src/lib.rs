//! Paths of the user's files: the clip-lab cache, the Hugging Face cache and token.

use std::{env, path::PathBuf};

/// The cache of downloads and computed features: `$CLIP_LAB_CACHE`, else `$XDG_CACHE_HOME/clip-lab`, else
/// `~/.cache/clip-lab`.
pub fn cache_dir() -> PathBuf {
    cache_of(&variable)
}

/// The Hugging Face cache, shared with its own tools: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else
/// `$XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`.
pub fn hub_dir() -> PathBuf {
    variable("HF_HUB_CACHE").unwrap_or_else(|| hub_home(&variable).join("hub"))
}

/// The file of the token that `hf auth login` writes: `$HF_TOKEN_PATH`, else `token` in `$HF_HOME`.
pub fn hub_token_file() -> PathBuf {
    variable("HF_TOKEN_PATH").unwrap_or_else(|| hub_home(&variable).join("token"))
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<PathBuf>;

fn cache_of(set: Variables) -> PathBuf {
    set("CLIP_LAB_CACHE").unwrap_or_else(|| cache_home(set).join("clip-lab"))
}

fn hub_home(set: Variables) -> PathBuf {
    set("HF_HOME").unwrap_or_else(|| cache_home(set).join("huggingface"))
}

fn cache_home(set: Variables) -> PathBuf {
    // The XDG specification says to ignore relative paths.
    let xdg = set("XDG_CACHE_HOME").filter(|folder| folder.is_absolute());
    xdg.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".cache"))
}

/// An environment variable as a path; an empty one counts as unset.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_variable_decides() {
        let set = |all: &'static [(&'static str, &'static str)]| {
            move |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))
        };
        let xdg = set(&[("XDG_CACHE_HOME", "/x")]);
        assert_eq!(cache_of(&xdg), PathBuf::from("/x/clip-lab"));
        assert_eq!(hub_home(&xdg), PathBuf::from("/x/huggingface"));
        let both = set(&[("XDG_CACHE_HOME", "/x"), ("CLIP_LAB_CACHE", "/c"), ("HF_HOME", "/h")]);
        assert_eq!((cache_of(&both), hub_home(&both)), ("/c".into(), "/h".into()));
        assert!(hub_home(&set(&[])).ends_with(".cache/huggingface"));
    }
}
