//! The rows of contexts that need more than their own tables: channels' cards and rights.

use channels::routes::Channels;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    error::{Error, Result},
    feed::Shown,
    http::Problem,
    record::Recorded,
    vault::Vault,
};
use shared::feed::Change;
use sqlx::PgConnection;
use uuid::Uuid;

/// Channels' cards.
pub(super) struct Cards(pub(super) Channels);

impl Shown for Cards {
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>) {
        if &*event.stream_kind == "channel" {
            into.push(event.stream);
        }
    }

    fn rows<'a>(
        &'a self,
        _tx: &'a mut PgConnection,
        _vault: &'a Vault,
        company: Uuid,
        keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>> {
        async move {
            let cards = self.0.read(company, None).await.map_err(|problem| refused(&problem))?;
            let touched =
                cards.into_iter().filter(|channel| keys.contains(&channel.id.into_uuid()));
            Ok(touched.map(|channel| Change::Channel(Box::new(channel))).collect())
        }
        .boxed()
    }
}

/// Members' rights: who is concerned asks again who she is.
pub(super) struct Rights;

impl Shown for Rights {
    fn touched(&self, event: &Recorded, into: &mut Vec<Uuid>) {
        if matches!(&*event.stream_kind, "membership" | "company") {
            into.push(event.stream);
        }
    }

    fn rows<'a>(
        &'a self,
        _tx: &'a mut PgConnection,
        _vault: &'a Vault,
        _company: Uuid,
        _keys: &'a [Uuid],
    ) -> BoxFuture<'a, Result<Vec<Change>>> {
        async { Ok(vec![Change::Rights]) }.boxed()
    }
}

fn refused(problem: &Problem) -> Error {
    Error::Row { what: problem.code().to_owned() }
}
