//! `messaging_media`: messages whose file is still to be fetched.

use events::messaging::MessageEvent;
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{
    projection::{Projection, ProjectionError},
    record::Recorded,
    vault::Vault,
};
use shared::messages::MessageKind;
use sqlx::PgConnection;
use uuid::Uuid;

/// The schema.
pub const NAME: &str = "messaging_media";

/// The read model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Media;

impl Projection for Media {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        1
    }

    fn tables(&self) -> &'static [&'static str] {
        &["missing"]
    }

    fn ddl(&self) -> &'static str {
        "create table missing (
           company_id uuid not null, id uuid not null, channel_id uuid not null,
           received_at timestamptz not null,
           primary key (company_id, id));
         create index missing_oldest on missing (received_at);"
    }

    fn wants(&self, event_type: &str) -> bool {
        matches!(
            event_type,
            "messaging.message.received"
                | "messaging.message.echoed"
                | "messaging.message.media_stored"
                | "messaging.message.media_missing"
        )
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        events: &'a [&'a Recorded],
        _vault: &'a Vault,
    ) -> BoxFuture<'a, Result<(), ProjectionError>> {
        async move {
            let mut came = (vec![], vec![], vec![], vec![]);
            let mut done = (vec![], vec![]);
            for recorded in events {
                match recorded.decode::<MessageEvent>()? {
                    MessageEvent::Received { channel, kind, .. }
                    | MessageEvent::Echoed { channel, kind, .. }
                        if has_file(kind) =>
                    {
                        came.0.push(recorded.company);
                        came.1.push(recorded.stream);
                        came.2.push(Uuid::from(channel));
                        came.3.push(recorded.recorded_at);
                    }
                    MessageEvent::MediaStored { .. } | MessageEvent::MediaMissing { .. } => {
                        done.0.push(recorded.company);
                        done.1.push(recorded.stream);
                    }
                    _ => {}
                }
            }
            if !came.0.is_empty() {
                sqlx::query(
                    "insert into missing (company_id, id, channel_id, received_at)
                     select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])
                     on conflict do nothing",
                )
                .bind(came.0)
                .bind(came.1)
                .bind(came.2)
                .bind(came.3)
                .execute(&mut *connection)
                .await?;
            }
            if !done.0.is_empty() {
                sqlx::query(
                    "delete from missing m
                     using unnest($1::uuid[], $2::uuid[]) as d(company_id, id)
                     where m.company_id = d.company_id and m.id = d.id",
                )
                .bind(done.0)
                .bind(done.1)
                .execute(connection)
                .await?;
            }
            Ok(())
        }
        .boxed()
    }
}

const fn has_file(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::Image
            | MessageKind::Video
            | MessageKind::Audio
            | MessageKind::Document
            | MessageKind::Sticker
    )
}
