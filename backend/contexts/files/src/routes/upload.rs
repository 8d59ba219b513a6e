//! A file comes in.

use axum::extract::{State, multipart::Field};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use kernel::{
    execute::Request,
    http::{Answer, Can, Problem, Upload, right},
};
use ports::blobs::BlobError;
use shared::{
    files::StoredFile,
    ids::{ContactId, FileId},
    problem::Kind,
};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Files;
use crate::{
    cabinet::{Cabinet, KeepError, LARGEST},
    file::{Command, File},
};

/// How many pieces may wait for the store.
const AHEAD: usize = 4;

pub(super) async fn upload(
    State(Files { cabinet, .. }): State<Files>,
    can: Can<right::UploadFiles>,
    Upload(mut parts): Upload,
) -> Result<Answer<StoredFile>, Problem> {
    let (company, now) = (can.company(), cabinet.ground.clock.now());
    let mut contact = None;
    let field = loop {
        let next = parts.next_field().await.map_err(|_broken| broken())?;
        let Some(field) = next else { return Err(Problem::invalid("/file", "missing")) };
        match field.name() {
            Some("file") => break field,
            Some("contact") => contact = Some(person(&cabinet, company, field).await?),
            _ => {}
        }
    };
    let name = field.file_name().unwrap_or("file").to_owned();
    let (sender, receiver) = mpsc::channel(AHEAD);
    let content = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|bytes| (bytes, receiver))
    });
    let keeping = cabinet.keep(company, &name, content.boxed(), LARGEST);
    let (kept, ()) = futures::join!(keeping, pump(field, sender));
    let kept = kept.map_err(refused)?;
    let index = cabinet.vault.index(company).await?;
    let file = FileId::from_uuid(index.id(0, "file", &[can.command_id().as_bytes()]));
    let event = cabinet.stored(company, contact, &kept, now).await;
    let event = match event {
        Ok(event) => event,
        Err(error) => {
            cabinet.discard(&kept).await;
            return Err(error.into());
        }
    };
    let request = Request::<File> {
        company,
        id: file.into(),
        command: Command::Store(Box::new(event)),
        facts: (),
        context: can.context(),
        seen: None,
        fingerprint: can.fingerprint(),
        also: vec![],
        more_claims: vec![],
    };
    let done = match cabinet.ledger.execute(&request).await {
        Ok(done) => done,
        Err(failure) => {
            cabinet.discard(&kept).await;
            return Err(failure.into());
        }
    };
    let stored = StoredFile {
        id: file,
        mime_type: kept.mime_type.to_owned(),
        name: kept.place.name,
        size_bytes: i64::try_from(kept.size_bytes).unwrap_or(i64::MAX),
    };
    Ok(Answer::created(stored).after(&done))
}

/// The person a file is for, so that it goes with her; one of the company's own.
async fn person(cabinet: &Cabinet, company: Uuid, field: Field<'_>) -> Result<ContactId, Problem> {
    let text = field.text().await.map_err(|_broken| broken())?;
    let unknown = || Problem::invalid("/contact", "unknown");
    let contact: ContactId = text.parse().map_err(|_not_an_id| unknown())?;
    let past = cabinet.ledger.read_stream(company, contact.into(), 0).await?;
    let is_known = past.first().is_some_and(|event| &*event.stream_kind == "contact");
    is_known.then_some(contact).ok_or_else(unknown)
}

/// Hands the pieces on as they come; what breaks off is told.
async fn pump(mut field: Field<'_>, sender: mpsc::Sender<Result<Bytes, BlobError>>) {
    loop {
        let piece = match field.chunk().await {
            Ok(None) => return,
            Ok(Some(bytes)) => Ok(bytes),
            Err(_broken) => Err(BlobError::Cut),
        };
        let is_last = piece.is_err();
        if sender.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

fn broken() -> Problem {
    Problem::new(Kind::Malformed, "request.upload_broken")
}

fn refused(error: KeepError) -> Problem {
    match error {
        KeepError::Empty => Problem::invalid("/file", "empty"),
        KeepError::TooLarge => {
            Problem::new(Kind::TooLarge, "request.too_large").value("limit_mb", LARGEST >> 20)
        }
        KeepError::TooManyPixels => Problem::invalid("/file", "too_many_pixels"),
        KeepError::Cut => broken(),
        KeepError::Blob(error) => Problem::unavailable(&error),
        KeepError::Kernel(error) => error.into(),
    }
}
