//! Errors for HTTP status codes of the hub, with advice.

use anyhow::{Error, anyhow};
use clip_lab_fetch::FetchError;
use clip_lab_home::hub_token_file;
use reqwest::{StatusCode, header::HeaderMap};

use crate::{Hub, Name, name::Kind};

/// The error of a status other than success. `is_hub` is false for the host of large files; `withheld`: whether the
/// request was sent without the existing credentials.
pub(crate) fn status_error(
    status: StatusCode,
    headers: &HeaderMap,
    name: &Name,
    hub: &Hub,
    (is_hub, withheld): (bool, bool),
) -> FetchError {
    let code = headers.get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
    match status {
        // An expired signed URL: the hub issues a new one.
        _ if !is_hub && status.is_client_error() && status != StatusCode::RANGE_NOT_SATISFIABLE => {
            FetchError::Transient(anyhow!("the file server refused the request ({status})"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if withheld => FetchError::Permanent(anyhow!(
            "the hub refused the request ({status}); it was sent without a token, which http:// would expose: use https:// \
             in HF_ENDPOINT"
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            FetchError::Permanent(access_error(status, code, name, hub))
        }
        StatusCode::NOT_FOUND => FetchError::Permanent(not_found(code, name)),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            FetchError::Restart(anyhow!("the file is shorter than the server reported ({status})"))
        }
        StatusCode::TOO_MANY_REQUESTS => {
            FetchError::Transient(anyhow!("the hub's rate limit is exceeded ({status})"))
        }
        status if status.is_server_error() => FetchError::Transient(anyhow!("the hub failed ({status})")),
        status => FetchError::Permanent(anyhow!("the hub answered {status}")),
    }
}

fn access_error(status: StatusCode, code: &str, name: &Name, hub: &Hub) -> Error {
    let page = page(name);
    let set_token = format!("set a token in HF_TOKEN or in {}", hub_token_file().display());
    let gated = code == "GatedRepo";
    match (gated, hub.token.is_some()) {
        (true, true) => anyhow!(
            "it is gated and closed to this token ({status}): accept its terms at {page} with the token's account, and \
             allow the token to read gated repositories"
        ),
        (true, false) => anyhow!("it is gated ({status}): accept its terms at {page}, then {set_token}"),
        (false, true) => anyhow!(
            "the hub refused the request ({status}): check the name, and that the token's account can read it. If it is \
             gated, accept its terms at {page}"
        ),
        (false, false) => anyhow!(
            "the hub refused the request ({status}): there is no such repository, or it is private; check the name, \
             {set_token} and, if it is gated, accept its terms at {page}"
        ),
    }
}

fn not_found(code: &str, name: &Name) -> Error {
    match code {
        "RevisionNotFound" => {
            anyhow!("it has no revision `{}` (404); {} lists them", name.revision, page(name))
        }
        "EntryNotFound" => anyhow!("it has no such file (404)"),
        _ => anyhow!("the hub has no such repository or file (404): check the name"),
    }
}

/// The web page of the repository.
fn page(name: &Name) -> String {
    let kind = if name.kind == Kind::Dataset { "datasets/" } else { "" };
    format!("https://huggingface.co/{kind}{}", name.id)
}
