//! Names of the files of a report.

/// A portable file name.
pub fn file_name(text: &str) -> String {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = text.chars().map(safe).take(60).collect();
    if name.is_empty() { "run".to_owned() } else { name }
}
