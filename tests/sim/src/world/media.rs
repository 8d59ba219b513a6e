//! Media, in memory and bounded: the oldest goes when there is no room.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

const ROOM: usize = 256 << 20;

/// A file that was uploaded by the company or sent by a customer.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    pub(crate) id: String,
    /// The number it belongs to.
    pub(crate) number: String,
    pub(crate) mime_type: String,
    pub(crate) filename: Option<String>,
    pub(crate) sha256: [u8; 32],
    pub(crate) bytes: Bytes,
}

/// All files.
#[derive(Debug, Default)]
pub(crate) struct MediaStore {
    by_id: HashMap<String, Media>,
    order: VecDeque<String>,
    held: usize,
}

impl MediaStore {
    pub(crate) fn add(
        &mut self,
        id: String,
        number: &str,
        mime_type: &str,
        filename: Option<String>,
        bytes: Bytes,
    ) -> Media {
        let media = Media {
            id: id.clone(),
            number: number.to_owned(),
            mime_type: mime_type.to_owned(),
            filename,
            sha256: Sha256::digest(&bytes).into(),
            bytes,
        };
        self.held += media.bytes.len();
        self.order.push_back(id.clone());
        self.by_id.insert(id, media.clone());
        while self.held > ROOM && self.order.len() > 1 {
            if let Some(oldest) = self.order.pop_front() {
                self.remove(&oldest);
            }
        }
        media
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Media> {
        self.by_id.get(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let removed = self.by_id.remove(id);
        if let Some(media) = &removed {
            self.held = self.held.saturating_sub(media.bytes.len());
            self.order.retain(|kept| kept != id);
        }
        removed.is_some()
    }
}

/// What a kind of message takes: the sizes and types of Meta's documentation.
pub(crate) fn limit(mime_type: &str) -> Option<usize> {
    let bare = mime_type.split(';').next().unwrap_or_default().trim();
    match bare {
        "image/jpeg" | "image/png" => Some(5 << 20),
        "image/webp" => Some(500 << 10),
        "audio/aac" | "audio/mp4" | "audio/mpeg" | "audio/amr" | "audio/ogg" | "audio/opus"
        | "video/mp4" | "video/3gpp" | "video/3gp" => Some(16 << 20),
        "text/plain"
        | "application/pdf"
        | "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint" => Some(100 << 20),
        other if other.starts_with("application/vnd.openxmlformats-officedocument.") => {
            Some(100 << 20)
        }
        _ => None,
    }
}

/// Whether a file of a type may be sent as a kind of message.
pub(crate) fn fits(kind: &str, mime_type: &str) -> bool {
    match kind {
        "image" => matches!(mime_type, "image/jpeg" | "image/png"),
        "sticker" => mime_type == "image/webp",
        "audio" => mime_type.starts_with("audio/"),
        "video" => mime_type.starts_with("video/"),
        "document" => limit(mime_type).is_some(),
        _ => false,
    }
}
