//! A file goes out: never run, never shown as a page.

use std::fmt::Write as _;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, Response, header},
};
use kernel::http::{Answer, Caller, Can, Path, Problem, Query, SignedIn, right};
use shared::{
    files::{FileLink, FileProof},
    ids::FileId,
};
use uuid::Uuid;

use super::Files;
use crate::{
    cabinet::{Found, KeepError},
    link,
};

pub(super) async fn link(
    State(files): State<Files>,
    can: Can<right::ReadFiles>,
    Path(file): Path<FileId>,
) -> Result<Answer<FileLink>, Problem> {
    let (company, cabinet) = (can.company(), &files.cabinet);
    let (row, place) = cabinet.look(company, file).await?.ok_or_else(Problem::not_found)?;
    if let Some(contact) = row.contact_id {
        files.readers.saw(&can, company, contact.into());
    }
    let url = match can.session() {
        Some(session) => {
            let index = cabinet.vault.index(company).await?;
            link::make(&index, company, file, session, cabinet.ground.clock.now())
        }
        None => format!("/api/v1/files/{file}/download"),
    };
    Ok(Answer::ok(FileLink {
        url,
        mime_type: row.mime_type,
        name: place.name,
        size_bytes: row.size_bytes,
    }))
}

pub(super) async fn content(
    State(files): State<Files>,
    signed_in: SignedIn,
    Path(file): Path<FileId>,
    Query(proof): Query<FileProof>,
) -> Result<Response<Body>, Problem> {
    let company = proof.company;
    let is_member =
        signed_in.admitted().companies.iter().any(|standing| standing.company == company);
    let session = signed_in.session().filter(|_| is_member).ok_or_else(Problem::not_found)?;
    let cabinet = &files.cabinet;
    let index = cabinet.vault.index(company).await?;
    let told = (proof.until, proof.proof.as_str());
    let now = cabinet.ground.clock.now();
    if !link::is_good(&index, (company, file), session, told, now) {
        return Err(Problem::not_found());
    }
    send(&files, &signed_in, company, file).await
}

pub(super) async fn download(
    State(files): State<Files>,
    can: Can<right::ReadFiles>,
    Path(file): Path<FileId>,
) -> Result<Response<Body>, Problem> {
    send(&files, &can, can.company(), file).await
}

async fn send(
    files: &Files,
    caller: &Caller,
    company: Uuid,
    file: FileId,
) -> Result<Response<Body>, Problem> {
    let found = files.cabinet.find(company, file).await.map_err(|error| match error {
        KeepError::Kernel(error) => error.into(),
        other => Problem::unavailable(&other),
    })?;
    let found = found.ok_or_else(Problem::not_found)?;
    let Found { mime_type, size_bytes, name, contact, content } = found;
    if let Some(contact) = contact {
        files.readers.saw(caller, company, contact);
    }
    let mut response = Response::new(Body::from_stream(content));
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, max-age=300"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size_bytes));
    let kind = HeaderValue::from_str(&mime_type);
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(unknown));
    let disposition = HeaderValue::from_str(&disposition(&name));
    let nameless = HeaderValue::from_static("attachment");
    headers.insert(header::CONTENT_DISPOSITION, disposition.unwrap_or(nameless));
    Ok(response)
}

/// To be saved, under its name (RFC 6266).
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|sign| if is_plain(sign) { sign } else { '_' }).collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        if is_plain(char::from(byte)) && byte != b' ' {
            coded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(coded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

const fn is_plain(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_' | ' ')
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_stands_in_both_forms_and_never_breaks_out() {
        let named = disposition("orçamento \"1\".pdf");
        let expected = "attachment; filename=\"or_amento _1_.pdf\"; \
                        filename*=UTF-8''or%C3%A7amento%20%221%22.pdf";
        assert_eq!(named, expected);
        assert!(!disposition("a\r\nSet-Cookie: x").contains('\n'));
    }
}
