//! The options of `--sbatch`, split as a shell splits them. They become arguments of `sbatch`: no shell reads them.

use anyhow::{Result, anyhow, bail, ensure};

/// Options that the launcher sets itself, and those that change what `sbatch` prints or waits for.
const RESERVED: [&str; 16] = [
    "--array",
    "-a",
    "--chdir",
    "-D",
    "--output",
    "-o",
    "--error",
    "-e",
    "--wrap",
    "--wait",
    "-W",
    "--test-only",
    "--clusters",
    "-M",
    "--help",
    "--version",
];

/// The arguments in `text`.
///
/// # Errors
/// If a quote is not closed, a word is neither an option nor the value of one, or the launcher sets the option itself.
pub fn split(text: &str) -> Result<Vec<String>> {
    let words = shell_words::split(text).map_err(|_| anyhow!("--sbatch {text:?}: a quote is not closed"))?;
    let mut after_option = false;
    for word in &words {
        ensure!(!word.contains('\0'), "--sbatch: an argument cannot have a zero byte");
        let is_option = word.starts_with('-') && !matches!(word.as_str(), "-" | "--");
        // `sbatch` would run it instead of the script.
        ensure!(is_option || after_option, "--sbatch: {word:?} is not an option: write `--partition=gpu`");
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        if let Some(reserved) = RESERVED.into_iter().find(|reserved| is_option && is_named(name, reserved)) {
            bail!("--sbatch: {reserved} is set by clip-lab; {}", instead(reserved));
        }
        after_option = is_option && !word.contains('=');
    }
    Ok(words)
}

/// Whether `name` is an option, or a short one with its value, `-a0-3`.
fn is_named(name: &str, option: &str) -> bool {
    name == option || (!name.starts_with("--") && !option.starts_with("--") && name.starts_with(option))
}

fn instead(reserved: &str) -> &'static str {
    match reserved {
        "--array" | "-a" => "--only and --seeds select runs, and --jobs limits how many run at once",
        "--output" | "-o" | "--error" | "-e" => "output is in the folder `slurm` beside the store",
        "--clusters" | "-M" => "set SLURM_CLUSTERS, or submit on a login node of that cluster",
        _ => "leave it out",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_as_a_shell_splits_them_and_expanded_by_none() {
        assert_eq!(split("").unwrap(), [""; 0]);
        assert_eq!(
            split("--partition=gpu -G 1 --time=4:00:00 --comment='a b; rm -rf $HOME `id`' --mail-user \"x\\\"y\"").unwrap(),
            [
                "--partition=gpu",
                "-G",
                "1",
                "--time=4:00:00",
                "--comment=a b; rm -rf $HOME `id`",
                "--mail-user",
                "x\"y"
            ]
        );
    }

    #[test]
    fn what_would_not_be_an_option_is_refused() {
        for (bad, why) in [
            ("--comment='a", "a quote is not closed"),
            ("gpu", "\"gpu\" is not an option"),
            ("--partition=gpu other.sh", "\"other.sh\" is not an option"),
            ("-p gpu other.sh", "\"other.sh\" is not an option"),
            ("-- x", "\"--\" is not an option"),
            ("--array=0-9", "--only and --seeds"),
            ("-a0-9", "-a is set by clip-lab"),
            ("--wrap=reboot", "--wrap is set by clip-lab"),
            ("-o x", "beside the store"),
            ("--wait", "leave it out"),
        ] {
            let error = split(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
