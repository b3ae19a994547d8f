//! The columns of a table.

use anyhow::{Context, Result};

/// Usual column names, in order of preference.
const IMAGE: [&str; 6] = ["file_name", "image", "image_name", "filename", "filepath", "image_path"];
const CAPTION: [&str; 5] = ["caption", "comment", "title", "text", "captions"];

/// Column names set by the user.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColumnOverrides<'a> {
    /// The column with the image files.
    pub image: Option<&'a str>,
    /// The column with the captions.
    pub caption: Option<&'a str>,
}

/// Column indices in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Image files.
    pub image: usize,
    /// Captions: one column, or several numbered ones (`caption_0`, `caption_1`, ...).
    pub captions: Vec<usize>,
    /// Splits.
    pub split: Option<usize>,
}

impl Columns {
    /// Finds the columns by the user's names, else by the usual names.
    ///
    /// # Errors
    /// If a column is missing; the message lists the columns.
    pub fn find(header: &[&str], overrides: ColumnOverrides<'_>) -> Result<Self> {
        Ok(Self {
            image: Self::image(header, overrides)?,
            captions: Self::captions(header, overrides)?,
            split: index_of(header, "split"),
        })
    }

    /// The column of images.
    pub fn image(header: &[&str], overrides: ColumnOverrides<'_>) -> Result<usize> {
        let column = match overrides.image {
            Some(name) => index_of(header, name),
            None => IMAGE.iter().find_map(|name| index_of(header, name)),
        };
        column.with_context(|| missing(header, overrides.image, &IMAGE, "image_column"))
    }

    /// The columns of captions.
    pub fn captions(header: &[&str], overrides: ColumnOverrides<'_>) -> Result<Vec<usize>> {
        let usual = || CAPTION.iter().map(|name| find_columns(header, name)).find(|found| !found.is_empty());
        let columns = match overrides.caption {
            Some(name) => find_columns(header, name),
            None => usual().unwrap_or_default(),
        };
        let columns = Some(columns).filter(|columns| !columns.is_empty());
        columns.with_context(|| missing(header, overrides.caption, &CAPTION, "caption_column"))
    }
}

fn index_of(header: &[&str], name: &str) -> Option<usize> {
    header.iter().position(|column| column.trim().eq_ignore_ascii_case(name))
}

/// The column of this name, else the columns of this name and a number, in numeric order.
fn find_columns(header: &[&str], name: &str) -> Vec<usize> {
    if let Some(one) = index_of(header, name) {
        return vec![one];
    }
    let number = |column: &str| {
        let column = column.trim();
        let (start, rest) = column.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then(|| rest.trim_start_matches('_').parse::<u32>().ok()).flatten()
    };
    let numbered = header.iter().enumerate();
    let mut numbered: Vec<(u32, usize)> =
        numbered.filter_map(|(index, column)| Some((number(column)?, index))).collect();
    numbered.sort_unstable();
    numbered.into_iter().map(|(_, index)| index).collect()
}

fn missing(header: &[&str], name: Option<&str>, usual_names: &[&str], setting: &str) -> String {
    let columns = header.iter().map(|column| column.trim()).collect::<Vec<_>>().join(", ");
    match name {
        Some(name) => format!("there is no column `{name}`, set by `{setting}`; the columns are {columns}"),
        None => format!(
            "there is no column {}; the columns are {columns}. Name it with `{setting}`",
            usual_names.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_usual_names_by_number_and_by_override() {
        let find = |header: &[&str], overrides| {
            Columns::find(header, overrides).map(|c| (c.image, c.captions, c.split))
        };
        let usual = ColumnOverrides::default();
        assert_eq!(find(&["image_name", " comment_number", " comment"], usual).unwrap(), (0, vec![2], None));
        assert_eq!(
            find(&["split", "caption_10", "caption_2", "Image"], usual).unwrap(),
            (3, vec![2, 1], Some(0))
        );
        let overrides = ColumnOverrides { image: Some("url"), caption: Some("alt") };
        assert_eq!(find(&["title", "alt", "url"], overrides).unwrap(), (2, vec![1], None));
        let error = find(&["title", "alt"], overrides).unwrap_err().to_string();
        assert!(error.contains("no column `url`") && error.contains("the columns are title, alt"), "{error}");
        let error = find(&["image", "words"], usual).unwrap_err().to_string();
        assert!(error.contains("caption or comment") && error.contains("caption_column"), "{error}");
    }
}
