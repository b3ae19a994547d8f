//! Checks the response to a range request.

use anyhow::anyhow;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_RANGE},
};

use crate::{Download, FetchError, FileInfo, http::transport_error};

impl Download {
    /// The download in `response`, requested from byte `from` on. `tag` identifies the file version; `known_size` is its
    /// size, if known from elsewhere.
    ///
    /// # Errors
    /// [`FetchError::Restart`] for another range than requested; [`FetchError::Permanent`] if the size is unknown or the
    /// body is encoded.
    pub fn new(
        response: Response,
        from: u64,
        tag: String,
        known_size: Option<u64>,
    ) -> Result<Self, FetchError> {
        let sent_size = length(&response, from)?;
        let length = match (known_size, sent_size) {
            (Some(known_size), Some(sent_size)) if known_size != sent_size => {
                return Err(FetchError::Transient(anyhow!(
                    "the hub reports {known_size} bytes, but the server sends {sent_size}"
                )));
            }
            (Some(length), _) | (None, Some(length)) => length,
            (None, None) => {
                return Err(FetchError::Permanent(anyhow!("the server does not report the file size")));
            }
        };
        Ok(Self { info: FileInfo { length, tag }, bytes: stream(response)? })
    }
}

/// The body of a response as a stream.
///
/// # Errors
/// [`FetchError::Permanent`] if it is encoded, which was not requested: its decoded size has no bound.
pub fn stream(response: Response) -> Result<BoxStream<'static, Result<Bytes, FetchError>>, FetchError> {
    let encoding = response.headers().get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes());
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity") && !encoding.is_empty()) {
        return Err(FetchError::Permanent(anyhow!(
            "the server sent an encoded body (content-encoding), although none was requested"
        )));
    }
    Ok(response.bytes_stream().map_err(transport_error).boxed())
}

/// Size of the whole file, by the response headers.
fn length(response: &Response, from: u64) -> Result<Option<u64>, FetchError> {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    match response.status() {
        StatusCode::OK if from > 0 => {
            Err(FetchError::Restart(anyhow!("the server does not support range requests")))
        }
        StatusCode::OK => Ok(response.content_length()),
        StatusCode::PARTIAL_CONTENT => match range.and_then(parse_range) {
            Some((start, total)) if start == from => Ok(total),
            _ => Err(FetchError::Restart(anyhow!("the server sent another range than requested"))),
        },
        status => Err(FetchError::Permanent(anyhow!("the server answered {status} instead of a file"))),
    }
}

/// Parses `bytes 100-199/200` into the first byte and the total size, unless that is `*`.
fn parse_range(range: &str) -> Option<(u64, Option<u64>)> {
    let (part, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = part.split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse::<u64>().ok()?) };
    (start <= end && total.is_none_or(|total| end < total)).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn invalid_ranges_are_none() {
        assert_eq!(parse_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parse_range("bytes 0-1/*"), Some((0, None)));
        for odd in ["bytes 5-4/9", "bytes 0-9/9", "bytes */9", "0-1/2", "bytes 0-1", "bytes -1-2/3", ""] {
            assert_eq!(parse_range(odd), None, "{odd}");
        }
        assert_eq!(parse_range("bytes 0-1/99999999999999999999999"), None);
    }
}
