//! What a client asked for.

use std::{
    io::{BufRead as _, BufReader, Result},
    net::TcpStream,
};

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `GET` or `HEAD`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The first byte that is wanted.
    pub from: usize,
    /// What the header `authorization` says.
    pub authorization: Option<String>,
}

impl Asked {
    pub(crate) fn read(stream: &TcpStream) -> Result<Self> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next().unwrap_or(Ok(String::new()))?;
        let mut words = first.split(' ').map(str::to_owned);
        let mut asked = Self {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            ..Self::default()
        };
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "range" => asked.from = first_byte(value),
                "authorization" => asked.authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        Ok(asked)
    }
}

/// Of `bytes=100-`: 100.
fn first_byte(range: &str) -> usize {
    let from = range.trim().trim_start_matches("bytes=").split('-').next();
    from.and_then(|from| from.parse().ok()).unwrap_or(0)
}
