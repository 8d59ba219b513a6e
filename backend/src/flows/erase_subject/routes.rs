//! Routes: `POST /api/v1/contacts/{id}/erase`, `GET /api/v1/contacts/{id}/erasure`. Rights:
//! `EraseContacts`, which nobody has in another's place; `ReadContacts` for the certificate.

use std::time::Duration;

use axum::extract::State;
use contacts::{contact::Contact, queries::people, tables::erasures};
use kernel::{
    db,
    http::{
        Answer, Body, Can, Path, Problem, Routes, get, post,
        right::{EraseContacts, ReadContacts},
    },
};
use shared::{
    contacts::{EraseContact, Erasure as Certificate},
    ids::ContactId,
    problem::Kind,
};
use uuid::Uuid;

use super::{Erasing, Erasure};

/// How long whoever asks waits for the end of it.
const MOST: Duration = Duration::from_secs(15);

/// The routes.
#[must_use]
pub fn routes(erasing: Erasing) -> Routes {
    Routes::new("contacts")
        .add(
            post("/api/v1/contacts/{id}/erase", erase)
                .says("Erases a person: everything personal is gone for ever, what was counted stays.")
                .answers::<Certificate>(200),
        )
        .add(
            get("/api/v1/contacts/{id}/erasure", certificate)
                .says("The certificate of an erasure.")
                .answers::<Certificate>(200),
        )
        .with_state(erasing)
}

async fn erase(
    State(erasing): State<Erasing>,
    can: Can<EraseContacts>,
    Path(text): Path<String>,
    Body(body): Body<EraseContact>,
) -> Result<Answer<Certificate>, Problem> {
    let (company, contact) = (can.company(), id(&text)?);
    let (_, state) = erasing.ledger.load::<Contact>(company, contact.into_uuid()).await?;
    if !state.is_known {
        return Err(Problem::not_found());
    }
    if !state.is_erased && !is_confirmed(&erasing, company, contact, &body.confirm).await? {
        return Err(
            Problem::new(Kind::Invalid, "erasure_not_confirmed").field("/confirm", "not_confirmed")
        );
    }
    let context = can.context();
    let begun = erasing.begin(company, contact.into_uuid(), &context).await?;
    if begun.done_at.is_none() {
        let (working, erasure) = (erasing.clone(), begun.clone());
        let (done, ended) = tokio::sync::oneshot::channel();
        erasing.tasks.spawn(async move {
            working.try_to_end(&erasure, Some(context)).await;
            // Whoever asked may have gone.
            let _ = done.send(());
        });
        let _ = tokio::time::timeout(MOST, ended).await;
    }
    let now = erasures::one(&erasing.ledger.pools().app, company, begun.id).await?;
    let head = erasing.ledger.company_head(company).await?;
    answer(&erasing, now.as_ref().unwrap_or(&begun)).await.map(|answer| answer.at(Some(head)))
}

async fn certificate(
    State(erasing): State<Erasing>,
    can: Can<ReadContacts>,
    Path(text): Path<String>,
) -> Result<Answer<Certificate>, Problem> {
    let (company, contact) = (can.company(), id(&text)?);
    let pool = &erasing.ledger.pools().app;
    let known = erasures::of(pool, company, contact.into_uuid()).await?;
    answer(&erasing, &known.ok_or_else(Problem::not_found)?).await
}

async fn answer(erasing: &Erasing, erasure: &Erasure) -> Result<Answer<Certificate>, Problem> {
    Ok(Answer::ok(erasing.certificate(erasure).await?))
}

/// Whether somebody typed the person's name as it is shown, or the contact's id.
async fn is_confirmed(
    erasing: &Erasing,
    company: Uuid,
    contact: ContactId,
    typed: &str,
) -> Result<bool, Problem> {
    let typed = typed.trim();
    if typed == contact.to_string() {
        return Ok(true);
    }
    let mut tx = db::reading_as(&erasing.ledger.pools().reader, company).await?;
    let named =
        people::named(&mut tx, &[contact]).await.map_err(super::super::inbox::contacts_failed)?;
    tx.commit().await?;
    let shown = named.get(&contact).map(|named| named.name.trim().to_lowercase());
    Ok(!typed.is_empty() && shown.is_some_and(|name| name == typed.to_lowercase()))
}

fn id(text: &str) -> Result<ContactId, Problem> {
    text.parse().map_err(|_not_an_id| Problem::not_found())
}
