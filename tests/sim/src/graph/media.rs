//! Media: upload, look-up, download, deletion; and the samples of template headers.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest as _, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::json;

use super::{Answered, Call, Outcome, auth, success};
use crate::{
    chance::Chance,
    errors::GraphError,
    world::{Core, media},
};

/// What every media id begins with, so that a deleted one is still known as one.
pub(crate) const FIRST: char = '9';
/// How long a media id is.
pub(crate) const ID_LENGTH: usize = 16;

/// `POST /{phone_number_id}/media`, multipart.
pub(crate) async fn upload(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let number = auth::for_number(core, &mut core.world(), call, "post", id)?;
    let form = Form::read(call).await?;
    if form.product.as_deref() != Some("whatsapp") {
        return Err(GraphError::missing("messaging_product"));
    }
    let Some(bytes) = form.bytes else { return Err(GraphError::missing("file")) };
    let mime_type = form.kind.or(form.file_type).ok_or_else(|| GraphError::missing("type"))?;
    let Some(limit) = media::limit(&mime_type) else {
        return Err(GraphError::invalid(format!(
            "Param file must be a file with one of the following types: audio/aac, audio/mp4, audio/mpeg, audio/amr, audio/ogg, audio/opus, application/vnd.ms-powerpoint, application/msword, application/vnd.openxmlformats-officedocument.wordprocessingml.document, application/vnd.openxmlformats-officedocument.presentationml.presentation, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/pdf, text/plain, application/vnd.ms-excel, image/jpeg, image/png, image/webp, video/mp4, video/3gpp. Received file of type '{mime_type}'."
        )));
    };
    if bytes.is_empty() || bytes.len() > limit {
        return Err(GraphError::about(
            131_053,
            format!("The file has {} bytes; {mime_type} may have 1 to {limit}.", bytes.len()),
        ));
    }
    let mut world = core.world();
    let id = core.object_id(&mut world, FIRST, ID_LENGTH);
    world.media.add(id.clone(), &number.id, &mime_type, form.filename, bytes);
    world.counts.uploads += 1;
    Ok(Outcome::Json(json!({ "id": id })))
}

/// `GET /{media_id}`.
pub(crate) fn show(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let world = core.world();
    auth::any(core, &world, call)?;
    let media = world.media.get(id).ok_or_else(|| GraphError::no_object("get", id))?;
    let owner = world.numbers.by_id.get(&media.number).map(|number| number.waba.clone());
    auth::for_waba(core, &world, call, owner.as_deref().unwrap_or_default())?;
    if call.query.get("phone_number_id").is_some_and(|number| *number != media.number) {
        return Err(GraphError::no_object("get", id));
    }
    Ok(Outcome::Json(json!({
        "messaging_product": "whatsapp",
        "url": url(core, &call.own_address(core), world.config.media_ttl_s, id),
        "mime_type": media.mime_type,
        "sha256": hex::encode(media.sha256),
        "file_size": media.bytes.len(),
        "id": id,
    })))
}

/// An address that lives five minutes.
pub(crate) fn url(core: &Core, own_address: &str, ttl_s: i64, id: &str) -> String {
    let until = core.clock.now().timestamp().saturating_add(ttl_s);
    format!("{own_address}/_media/{id}?mid={id}&ext={until}&hash={}", seal(core, id, until))
}

fn seal(core: &Core, id: &str, until: i64) -> String {
    Chance::of(core.nonce, "media", &format!("{id}.{until}"), 0).hex(32)
}

/// The file itself: needs the token, like the rest, and an address that is not too old.
pub(crate) fn download(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let found = {
        let world = core.world();
        auth::any(core, &world, call)?;
        let found = world.media.get(id).cloned();
        let number = found.as_ref().and_then(|media| world.numbers.by_id.get(&media.number));
        let waba = number.map(|number| number.waba.clone()).unwrap_or_default();
        auth::for_waba(core, &world, call, &waba)?;
        found
    };
    let until: i64 = call.query.get("ext").and_then(|text| text.parse().ok()).unwrap_or(0);
    let is_ours = call.query.get("hash") == Some(&seal(core, id, until));
    let is_old = core.clock.now().timestamp() > until;
    let Some(media) = found.filter(|_| is_ours && !is_old) else {
        let status = if is_ours && is_old { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
        return Ok(Outcome::Raw((status, "URL signature expired").into_response()));
    };
    core.world().counts.downloads += 1;
    let response = Response::builder()
        .header(header::CONTENT_TYPE, media.mime_type)
        .header(header::CONTENT_LENGTH, media.bytes.len())
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_DISPOSITION, "attachment")
        .body(Body::from(media.bytes));
    Ok(Outcome::Raw(response.unwrap_or_else(|_| StatusCode::NOT_FOUND.into_response())))
}

/// `DELETE /{media_id}`.
pub(crate) fn delete(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::any(core, &world, call)?;
    if world.media.remove(id) { Ok(success()) } else { Err(GraphError::no_object("delete", id)) }
}

/// `POST /{app_id}/uploads`: a session for a template's sample file.
pub(crate) fn begin_upload(core: &Arc<Core>, call: &Call, app: &str) -> Answered {
    let mut world = core.world();
    auth::any(core, &world, call)?;
    for name in ["file_length", "file_type"] {
        if call.text(name).is_none() {
            return Err(GraphError::missing(name));
        }
    }
    let n = core.object_id(&mut world, '1', 12);
    Ok(Outcome::Json(json!({ "id": format!("upload:{app}{n}?sig=ARZ{n}") })))
}

/// `POST /{upload_id}`: the bytes; answers the handle for `header_handle`.
pub(crate) fn continue_upload(core: &Arc<Core>, call: &Call, id: &str) -> Answered {
    let mut world = core.world();
    auth::any(core, &world, call)?;
    if call.raw.is_empty() {
        return Err(GraphError::invalid("The upload has no bytes."));
    }
    let rest = core.object_id(&mut world, '4', 20);
    Ok(Outcome::Json(json!({ "h": format!("4::aW1hZ2U=:{id}:{rest}") })))
}

#[derive(Debug, Default)]
struct Form {
    product: Option<String>,
    kind: Option<String>,
    file_type: Option<String>,
    filename: Option<String>,
    bytes: Option<Bytes>,
}

impl Form {
    async fn read(call: &Call) -> Result<Self, GraphError> {
        let broken = |error: MultipartError| GraphError::invalid(error.body_text());
        let mut request = Request::new(Body::from(call.raw.clone()));
        *request.headers_mut() = call.headers.clone();
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|error| GraphError::invalid(error.body_text()))?;
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            match part.name().unwrap_or_default() {
                "messaging_product" => form.product = Some(part.text().await.map_err(broken)?),
                "type" => form.kind = Some(part.text().await.map_err(broken)?),
                "file" => {
                    form.filename = part.file_name().map(str::to_owned);
                    form.file_type = part.content_type().map(str::to_owned);
                    form.bytes = Some(part.bytes().await.map_err(broken)?);
                }
                _ => {}
            }
        }
        Ok(form)
    }
}
