//! Which column of a table is what.

use anyhow::{Context, Result};

/// What the columns are called in the data sets that are about, the surest first.
const PICTURE: [&str; 6] = ["file_name", "image", "image_name", "filename", "filepath", "image_path"];
const CAPTION: [&str; 5] = ["caption", "comment", "title", "text", "captions"];

/// What a user calls the columns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// The column with the files of the images.
    pub image: Option<&'a str>,
    /// The column with the captions.
    pub caption: Option<&'a str>,
}

/// Places of columns in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Files of images.
    pub picture: usize,
    /// Captions: one column, or several that are numbered (`caption_0`, `caption_1`, ...).
    pub captions: Vec<usize>,
    /// Parts of the data set.
    pub split: Option<usize>,
}

impl Columns {
    /// Finds the columns by what the user says, else by the usual names.
    ///
    /// # Errors
    /// When one is not there; the message says which are.
    pub fn find(header: &[&str], said: Said<'_>) -> Result<Self> {
        Ok(Self {
            picture: Self::picture(header, said)?,
            captions: Self::captions(header, said)?,
            split: place(header, "split"),
        })
    }

    /// The column of images.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn picture(header: &[&str], said: Said<'_>) -> Result<usize> {
        let found = match said.image {
            Some(said) => place(header, said),
            None => PICTURE.iter().find_map(|name| place(header, name)),
        };
        found.with_context(|| missing(header, said.image, &PICTURE, "image_column"))
    }

    /// The columns of captions.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn captions(header: &[&str], said: Said<'_>) -> Result<Vec<usize>> {
        let usual = || CAPTION.iter().map(|name| found(header, name)).find(|found| !found.is_empty());
        let columns = match said.caption {
            Some(said) => found(header, said),
            None => usual().unwrap_or_default(),
        };
        let columns = Some(columns).filter(|columns| !columns.is_empty());
        columns.with_context(|| missing(header, said.caption, &CAPTION, "caption_column"))
    }
}

fn place(header: &[&str], name: &str) -> Option<usize> {
    header.iter().position(|column| column.trim().eq_ignore_ascii_case(name))
}

/// The column of this name, else those of this name and a number, in the order of the numbers.
fn found(header: &[&str], name: &str) -> Vec<usize> {
    if let Some(one) = place(header, name) {
        return vec![one];
    }
    let number = |column: &str| {
        let column = column.trim();
        let (start, rest) = column.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then(|| rest.trim_start_matches('_').parse::<u32>().ok()).flatten()
    };
    let numbered = header.iter().enumerate();
    let mut numbered: Vec<(u32, usize)> =
        numbered.filter_map(|(place, column)| Some((number(column)?, place))).collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, place)| place).collect()
}

fn missing(header: &[&str], said: Option<&str>, usual: &[&str], setting: &str) -> String {
    let there = header.iter().map(|column| column.trim()).collect::<Vec<_>>().join(", ");
    match said {
        Some(said) => format!("there is no column `{said}`, which `{setting}` names; there are {there}"),
        None => format!(
            "there is no column {}; there are {there}. Say with `{setting}` which it is",
            usual.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_usual_names_by_number_and_by_what_is_said() {
        let find =
            |header: &[&str], said| Columns::find(header, said).map(|c| (c.picture, c.captions, c.split));
        let usual = Said::default();
        assert_eq!(find(&["image_name", " comment_number", " comment"], usual).unwrap(), (0, vec![2], None));
        assert_eq!(
            find(&["split", "caption_10", "caption_2", "Image"], usual).unwrap(),
            (3, vec![2, 1], Some(0))
        );
        let said = Said { image: Some("url"), caption: Some("alt") };
        assert_eq!(find(&["title", "alt", "url"], said).unwrap(), (2, vec![1], None));
        let error = find(&["title", "alt"], said).unwrap_err().to_string();
        assert!(error.contains("no column `url`") && error.contains("there are title, alt"), "{error}");
        let error = find(&["image", "words"], usual).unwrap_err().to_string();
        assert!(error.contains("caption or comment") && error.contains("caption_column"), "{error}");
    }
}
