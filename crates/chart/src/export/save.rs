//! Output formats, and writing files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::{
    ChartMetadata, ExportOptions,
    data::{Line, csv, parquet, tensorboard},
    outline::outlined,
    pdf, png,
    scene::Scene,
    svg,
};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A vector image.
    Svg,
    /// A raster image.
    Png,
    /// A PDF page.
    Pdf,
    /// Points as CSV.
    Csv,
    /// Points as a Parquet table.
    Parquet,
    /// Points as a folder of TensorBoard event files.
    Tensorboard,
}

/// The file extension of each format.
const EXTENSIONS: [(&str, Format); 5] = [
    ("svg", Format::Svg),
    ("png", Format::Png),
    ("pdf", Format::Pdf),
    ("csv", Format::Csv),
    ("parquet", Format::Parquet),
];

impl Format {
    /// The file extension; empty for the TensorBoard folder.
    pub fn ending(self) -> &'static str {
        EXTENSIONS.iter().find(|(_, format)| *format == self).map_or("", |(ending, _)| ending)
    }

    /// The requested format, or that of the extension of `out`.
    ///
    /// # Errors
    /// If no format is requested and the extension is unknown.
    pub fn of(out: &Path, requested: Option<Format>) -> Result<Format> {
        let ending = out.extension().map_or(String::new(), |ending| ending.to_string_lossy().to_lowercase());
        match (requested, EXTENSIONS.iter().find(|(extension, _)| *extension == ending)) {
            (Some(requested), _) => Ok(requested),
            (None, Some((_, format))) => Ok(*format),
            (None, None) => bail!(
                "cannot export to {}: {} is not one of .svg, .png, .csv, .pdf, .parquet; a folder needs --format tensorboard",
                out.display(),
                if ending.is_empty() { "its extension".to_string() } else { format!("`.{ending}`") }
            ),
        }
    }

    /// Whether it contains points rather than a drawing.
    pub fn is_data(self) -> bool {
        matches!(self, Format::Csv | Format::Parquet | Format::Tensorboard)
    }
}

/// Writes a drawing to [`ExportOptions::out`], and its caption if requested; returns the files.
///
/// # Errors
/// If the format is for points only, the size is invalid, or a file cannot be written.
pub fn save(scene: &Scene, metadata: &ChartMetadata, options: &ExportOptions) -> Result<Vec<PathBuf>> {
    let svg = svg::document(scene, &metadata.caption, &metadata.provenance.to_string())?;
    let bytes = match Format::of(&options.out, options.format)? {
        Format::Svg => outlined(&svg).into_bytes(),
        Format::Png => png::png(&svg, options.size)?,
        Format::Pdf => pdf::pdf(&svg)?,
        _ => bail!("{} is a format for points: write a chart as .svg, .png or .pdf", options.out.display()),
    };
    write_file(&options.out, &bytes)?;
    let mut files = vec![options.out.clone()];
    if options.caption {
        let (text, tex) = (options.out.with_extension("txt"), options.out.with_extension("tex"));
        write_file(&text, format!("{}\n", metadata.caption).as_bytes())?;
        write_file(&tex, latex(&options.out, &metadata.caption, scene.wide).as_bytes())?;
        files.extend([text, tex]);
    }
    Ok(files)
}

/// Writes points.
///
/// # Errors
/// If a file cannot be written.
pub fn points(lines: &[Line], format: Format, out: &Path) -> Result<Vec<PathBuf>> {
    match format {
        Format::Tensorboard => drop(tensorboard::write(lines, out)?),
        Format::Parquet => write_file(out, &parquet::parquet(lines)?)?,
        _ => write_file(out, &csv::csv(lines)?)?,
    }
    Ok(vec![out.to_path_buf()])
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A LaTeX figure environment for `\input`.
fn latex(image: &Path, caption: &str, wide: f64) -> String {
    let stem = image.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
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
