//! What a server says of the file it sends, held against what it was asked for.

use anyhow::anyhow;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_RANGE},
};

use crate::{Answer, Halt, Whole, web::failed};

impl Answer {
    /// The answer to a question for a file from `from` on, called `tag`, and of `said` bytes where that was said
    /// elsewhere.
    ///
    /// # Errors
    /// [`Halt::Anew`] when another part comes than was asked for; [`Halt::Final`] when nobody says how long the file
    /// is, or it is encoded.
    pub fn new(response: Response, from: u64, tag: String, said: Option<u64>) -> Result<Self, Halt> {
        let sent = length(&response, from)?;
        let length = match (said, sent) {
            (Some(said), Some(sent)) if said != sent => {
                return Err(Halt::Again(anyhow!("the hub says {said} bytes and the server sends {sent}")));
            }
            (Some(length), _) | (None, Some(length)) => length,
            (None, None) => return Err(Halt::Final(anyhow!("nobody says how long the file is"))),
        };
        Ok(Self { whole: Whole { length, tag }, bytes: stream(response)? })
    }
}

/// The bytes of an answer, as they come.
///
/// # Errors
/// [`Halt::Final`] when they are encoded, which was not asked for: what they would decode to has no bound.
pub fn stream(response: Response) -> Result<BoxStream<'static, Result<Bytes, Halt>>, Halt> {
    let encoding = response.headers().get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity") && !encoding.is_empty()) {
        return Err(Halt::Final(anyhow!(
            "the server sends it encoded (content-encoding), and it was asked for as it is"
        )));
    }
    Ok(response.bytes_stream().map_err(failed).boxed())
}

/// Length of the whole file by what the server sends.
fn length(response: &Response, from: u64) -> Result<Option<u64>, Halt> {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    match response.status() {
        StatusCode::OK if from > 0 => Err(Halt::Anew(anyhow!("the server sends no parts of files"))),
        StatusCode::OK => Ok(response.content_length()),
        StatusCode::PARTIAL_CONTENT => match range.and_then(parsed) {
            Some((start, total)) if start == from => Ok(total),
            _ => Err(Halt::Anew(anyhow!("the server sends another part of the file than was asked for"))),
        },
        status => Err(Halt::Final(anyhow!("the server answers {status} instead of a file"))),
    }
}

/// The first byte of `bytes 100-199/200`, and the length of the whole unless that is `*`.
fn parsed(range: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = part.split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse::<u64>().ok()?) };
    (start <= end && total.is_none_or(|total| end < total)).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn ranges_that_cannot_be_are_none() {
        assert_eq!(parsed("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parsed("bytes 0-1/*"), Some((0, None)));
        for odd in ["bytes 5-4/9", "bytes 0-9/9", "bytes */9", "0-1/2", "bytes 0-1", "bytes -1-2/3", ""] {
            assert_eq!(parsed(odd), None, "{odd}");
        }
        assert_eq!(parsed("bytes 0-1/99999999999999999999999"), None);
    }
}
