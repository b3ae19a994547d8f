//! Files: which kind is meant, and writing them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{
    About, ExportOptions,
    data::{Line, csv, parquet, tensorboard},
    outline::outlined,
    pdf, png,
    scene::Scene,
    svg,
};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A drawing.
    Svg,
    /// A picture.
    Png,
    /// A page.
    Pdf,
    /// Points as text.
    Csv,
    /// Points as a table of columns.
    Parquet,
    /// A folder of event files.
    Tensorboard,
}

/// Every kind that an ending names.
const ENDINGS: [(&str, Format); 5] = [
    ("svg", Format::Svg),
    ("png", Format::Png),
    ("pdf", Format::Pdf),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
];

impl Format {
    /// The ending of its files; none for the folder of event files.
    pub fn ending(self) -> &'static str {
        ENDINGS.iter().find(|(_, format)| *format == self).map_or("", |(ending, _)| ending)
    }

    /// The kind asked for, or that of the ending of `out`.
    ///
    /// # Errors
    /// When nothing is asked for and the ending is unknown.
    pub fn of(out: &Path, asked: Option<Format>) -> Result<Format> {
        let ending = out.extension().map_or(String::new(), |ending| ending.to_string_lossy().to_lowercase());
        match (asked, ENDINGS.iter().find(|(known, _)| *known == ending)) {
            (Some(asked), _) => Ok(asked),
            (None, Some((_, format))) => Ok(*format),
            (None, None) => bail!(
                "cannot export to {}: {} is not one of .svg, .png, .csv, .pdf, .parquet; a folder needs --format tensorboard",
                out.display(),
                if ending.is_empty() { "its ending".to_string() } else { format!("`.{ending}`") }
            ),
        }
    }

    /// Whether it holds points rather than a drawing.
    pub fn is_data(self) -> bool {
        matches!(self, Format::Csv | Format::Parquet | Format::Tensorboard)
    }
}

/// Writes a drawing as [`ExportOptions::out`] asks for, and its caption beside it on request; says which files.
///
/// # Errors
/// A kind of file that holds points only, an unusable size, or a file that cannot be written.
pub fn save(scene: &Scene, about: &About, options: &ExportOptions) -> Result<Vec<PathBuf>> {
    let svg = svg::document(scene, &about.caption, &about.facts.to_string())?;
    let bytes = match Format::of(&options.out, options.format)? {
        Format::Svg => outlined(&svg).into_bytes(),
        Format::Png => png::png(&svg, options.size)?,
        Format::Pdf => pdf::pdf(&svg)?,
        _ => bail!("{} is for points: a chart becomes .svg, .png or .pdf", options.out.display()),
    };
    put(&options.out, &bytes)?;
    let mut files = vec![options.out.clone()];
    if options.caption {
        let (text, tex) = (options.out.with_extension("txt"), options.out.with_extension("tex"));
        put(&text, format!("{}\n", about.caption).as_bytes())?;
        put(&tex, latex(&options.out, &about.caption, scene.wide).as_bytes())?;
        files.extend([text, tex]);
    }
    Ok(files)
}

/// Writes points.
///
/// # Errors
/// When a file cannot be written.
pub fn points(lines: &[Line], format: Format, out: &Path) -> Result<Vec<PathBuf>> {
    match format {
        Format::Tensorboard => drop(tensorboard::write(lines, out)?),
        Format::Parquet => put(out, &parquet::parquet(lines)?)?,
        _ => put(out, &csv::csv(lines)?)?,
    }
    Ok(vec![out.to_path_buf()])
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A figure environment to be read with `\input`.
fn latex(picture: &Path, caption: &str, wide: f64) -> String {
    let stem = picture.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
    format!(
        "\\begin{{figure}}\n  \\centering\n  \\includegraphics[width={wide}mm]{{{stem}}}\n  \\caption{{{}}}\n  \
         \\label{{fig:{stem}}}\n\\end{{figure}}\n",
        caption.chars().map(tex).collect::<String>()
    )
}

fn tex(letter: char) -> String {
    match letter {
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{letter}"),
        '~' => "\\textasciitilde{}".to_string(),
        '^' => "\\textasciicircum{}".to_string(),
        '\\' => "\\textbackslash{}".to_string(),
        '<' => "\\textless{}".to_string(),
        '>' => "\\textgreater{}".to_string(),
        '↑' => "$\\uparrow$".to_string(),
        '↓' => "$\\downarrow$".to_string(),
        '→' => "$\\rightarrow$".to_string(),
        other => other.to_string(),
    }
}
