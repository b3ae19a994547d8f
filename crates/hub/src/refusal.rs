//! Errors for HTTP status codes of the hub, with advice.

use anyhow::{Error, anyhow};
use clip_lab_fetch::Halt;
use clip_lab_home::hub_token_file;
use reqwest::{StatusCode, header::HeaderMap};

use crate::{Hub, Name, name::Kind};

/// The error of a status other than success. `ours` is false for the host of large files; `withheld`: whether the
/// request was sent without the existing credentials.
pub(crate) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    name: &Name,
    hub: &Hub,
    (ours, withheld): (bool, bool),
) -> Halt {
    let code = headers.get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
    match status {
        // An expired signed URL: the hub issues a new one.
        _ if !ours && status.is_client_error() && status != StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Again(anyhow!("the file server refused the request ({status})"))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if withheld => Halt::Final(anyhow!(
            "the hub refused the request ({status}); it was sent without a token, which http:// would expose: use https:// \
             in HF_ENDPOINT"
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Halt::Final(closed(status, code, name, hub)),
        StatusCode::NOT_FOUND => Halt::Final(absent(code, name)),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            Halt::Anew(anyhow!("the file is shorter than the server reported ({status})"))
        }
        StatusCode::TOO_MANY_REQUESTS => Halt::Again(anyhow!("the hub's rate limit is exceeded ({status})")),
        status if status.is_server_error() => Halt::Again(anyhow!("the hub failed ({status})")),
        status => Halt::Final(anyhow!("the hub answered {status}")),
    }
}

fn closed(status: StatusCode, code: &str, name: &Name, hub: &Hub) -> Error {
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

fn absent(code: &str, name: &Name) -> Error {
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
