//! Files at Meta: up, and down again.
//!
//! **Invariants (D18).** A file is fetched by its id: Graph is asked where it lies. Meta's own files lie on
//! another host than Graph and want the token there too; so that host is part of the configuration, and the
//! token goes to Graph and to it, and nowhere else that an answer may name. What exceeds the limit or has
//! another SHA-256 ends in an error.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::{StreamExt as _, stream::BoxStream};
use ports::{
    Answer,
    connect::Trouble,
    media::{Download, MediaError, MediaInfo, MediaStore, Upload},
    outbound::Access,
};
use reqwest::{
    Method, Url,
    multipart::{Form, Part},
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::graph::{Graph, call};

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

#[derive(Deserialize)]
struct Located {
    url: String,
    mime_type: Option<String>,
    sha256: Option<String>,
    file_size: Option<u64>,
}

impl MediaStore for Graph {
    fn upload<'a>(
        &'a self,
        access: &'a Access,
        file: Upload,
    ) -> Answer<'a, Result<String, MediaError>> {
        Box::pin(async move {
            let part = Part::stream(file.content)
                .file_name(file.filename)
                .mime_str(&file.mime_type)
                .map_err(|_error| Trouble::NotUnderstood)?;
            let form = Form::new()
                .text("messaging_product", "whatsapp")
                .text("type", file.mime_type)
                .part("file", part);
            let url = self.url(&[&access.number_id, "media"]);
            let request = self.request(Method::POST, url, &access.token).multipart(form);
            let body = call(request).await.success()?;
            let uploaded: Uploaded = understood(&body)?;
            Ok(uploaded.id)
        })
    }

    fn download<'a>(
        &'a self,
        access: &'a Access,
        media_id: &'a str,
        sha256: Option<[u8; 32]>,
        limit_bytes: u64,
    ) -> Answer<'a, Result<Download, MediaError>> {
        Box::pin(async move {
            let request = self
                .request(Method::GET, self.url(&[media_id]), &access.token)
                .query(&[("phone_number_id", &access.number_id)]);
            let located: Located = understood(&call(request).await.success()?)?;
            let url = Url::parse(&located.url).map_err(|_error| MediaError::ForeignAddress)?;
            if !self.may_fetch(&url) {
                return Err(MediaError::ForeignAddress);
            }
            if located.file_size.is_some_and(|size| size > limit_bytes) {
                return Err(MediaError::TooLarge { limit_bytes });
            }
            let announced = sha256.or_else(|| digest(located.sha256.as_deref().unwrap_or("")));
            let response = self
                .request(Method::GET, url, &access.token)
                .send()
                .await
                .map_err(|_error| Trouble::Unreachable)?;
            if !response.status().is_success() {
                return Err(Trouble::NotUnderstood.into());
            }
            if response.content_length().is_some_and(|size| size > limit_bytes) {
                return Err(MediaError::TooLarge { limit_bytes });
            }
            let info = MediaInfo {
                mime_type: located.mime_type,
                sha256: announced,
                size_bytes: located.file_size,
            };
            Ok(Download { info, content: checked(response, announced, limit_bytes) })
        })
    }
}

impl Graph {
    fn may_fetch(&self, url: &Url) -> bool {
        let is_known = self.owns(url) || self.keeps_files_at(url);
        is_known && url.username().is_empty() && url.password().is_none()
    }
}

fn understood<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|_error| Trouble::NotUnderstood)
}

/// A SHA-256 as Meta writes it: base64 in webhooks, hexadecimal in answers. Anything else is none.
#[must_use]
pub fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() == 64 {
        return hex::decode_to_slice(text, &mut digest).ok().map(|()| digest);
    }
    let bytes = STANDARD.decode(text).ok()?;
    bytes.try_into().ok()
}

/// The content, counted and hashed as it passes.
fn checked(
    response: reqwest::Response,
    announced: Option<[u8; 32]>,
    limit_bytes: u64,
) -> BoxStream<'static, Result<bytes::Bytes, MediaError>> {
    struct Progress {
        content: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
        hash: Sha256,
        size_bytes: u64,
    }
    let progress =
        Progress { content: response.bytes_stream().boxed(), hash: Sha256::new(), size_bytes: 0 };
    let steps = futures::stream::unfold(Some(progress), move |progress| async move {
        let mut progress = progress?;
        match progress.content.next().await {
            Some(Ok(chunk)) => {
                let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                progress.size_bytes = progress.size_bytes.saturating_add(length);
                if progress.size_bytes > limit_bytes {
                    return Some((Err(MediaError::TooLarge { limit_bytes }), None));
                }
                progress.hash.update(&chunk);
                Some((Ok(chunk), Some(progress)))
            }
            Some(Err(_)) => Some((Err(MediaError::Cut), None)),
            None => {
                let found: [u8; 32] = progress.hash.finalize().into();
                let is_wrong = announced.is_some_and(|announced| announced != found);
                is_wrong.then_some((Err(MediaError::WrongDigest), None))
            }
        }
    });
    steps.boxed()
}

#[cfg(test)]
mod tests;
