//! How a thread is looked after: what a batch says of it, and writing that.
//!
//! **Invariant.** A batch overwrites and never reads: the last thing said of a field stays.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::conversations::ConversationEvent;
use kernel::projection::ProjectionError;
use shared::{
    conversations::{Priority, Status},
    ids::UserId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Key;

/// Whose a thread is from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    To(Uuid),
    ToNobody,
}

impl Given {
    const fn to(self) -> Option<Uuid> {
        match self {
            Self::To(user) => Some(user),
            Self::ToNobody => None,
        }
    }
}

/// What a batch says. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Care {
    /// How it stands, and until when it is put off.
    status: Option<(Status, Option<DateTime<Utc>>)>,
    /// Whose it is.
    given: Option<Given>,
    priority: Option<Priority>,
    /// Labels, and whether it bears them.
    labels: BTreeMap<Uuid, bool>,
}

impl Care {
    pub(super) fn on(&mut self, event: &ConversationEvent) {
        match event {
            ConversationEvent::MessageReceived { .. }
            | ConversationEvent::Reopened {}
            | ConversationEvent::Woken {} => self.status = Some((Status::Open, None)),
            ConversationEvent::Resolved {} => self.status = Some((Status::Resolved, None)),
            ConversationEvent::Snoozed { until } => {
                self.status = Some((Status::Snoozed, Some(*until)));
            }
            ConversationEvent::Assigned { to } => {
                let to = to.map(UserId::into_uuid);
                self.given = Some(to.map_or(Given::ToNobody, Given::To));
            }
            ConversationEvent::Prioritised { priority } => self.priority = Some(*priority),
            ConversationEvent::Labelled { label } => {
                self.labels.insert(label.into_uuid(), true);
            }
            ConversationEvent::Unlabelled { label } => {
                self.labels.insert(label.into_uuid(), false);
            }
            ConversationEvent::Opened { .. }
            | ConversationEvent::IdentityChanged { .. }
            | ConversationEvent::MessageSent { .. } => {}
        }
    }
}

/// Writes what a batch changed. What a person said reopens only what was not open, so that the
/// common case writes nothing.
pub(super) async fn store(
    connection: &mut PgConnection,
    care: &BTreeMap<Key, Care>,
) -> Result<(), ProjectionError> {
    if care.is_empty() {
        return Ok(());
    }
    let (companies, ids): (Vec<Uuid>, Vec<Uuid>) = care.keys().copied().unzip();
    let statuses: Vec<Option<&str>> =
        care.values().map(|it| it.status.map(|(status, _)| status.as_str())).collect();
    let until: Vec<_> = care.values().map(|it| it.status.and_then(|(_, until)| until)).collect();
    let is_assigned: Vec<bool> = care.values().map(|it| it.given.is_some()).collect();
    let assignees: Vec<Option<Uuid>> =
        care.values().map(|it| it.given.and_then(Given::to)).collect();
    let priorities: Vec<Option<&str>> =
        care.values().map(|it| it.priority.map(Priority::as_str)).collect();
    sqlx::query(
        "update threads t
         set status = coalesce(c.status, t.status),
             snoozed_until = case when c.status is null then t.snoozed_until else c.until end,
             assignee = case when c.is_assigned then c.assignee else t.assignee end,
             priority = coalesce(c.priority, t.priority)
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::boolean[], $6::uuid[],
                     $7::text[])
           as c(company_id, id, status, until, is_assigned, assignee, priority)
         where t.company_id = c.company_id
           and t.id = c.id
           and (c.status is distinct from 'open' or t.status <> 'open' or c.is_assigned
                or c.priority is not null)",
    )
    .bind(companies)
    .bind(ids)
    .bind(statuses)
    .bind(until)
    .bind(is_assigned)
    .bind(assignees)
    .bind(priorities)
    .execute(&mut *connection)
    .await?;
    store_labels(connection, care).await
}

async fn store_labels(
    connection: &mut PgConnection,
    care: &BTreeMap<Key, Care>,
) -> Result<(), ProjectionError> {
    let of = |bears: bool| -> (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>) {
        let (mut companies, mut ids, mut labels) = (vec![], vec![], vec![]);
        for ((company, id), it) in care {
            for (label, _) in it.labels.iter().filter(|(_, is_on)| **is_on == bears) {
                companies.push(*company);
                ids.push(*id);
                labels.push(*label);
            }
        }
        (companies, ids, labels)
    };
    let (companies, ids, labels) = of(true);
    if !labels.is_empty() {
        sqlx::query(
            "insert into thread_labels (company_id, conversation_id, label_id)
             select *
             from unnest($1::uuid[], $2::uuid[], $3::uuid[])
             on conflict do nothing",
        )
        .bind(companies)
        .bind(ids)
        .bind(labels)
        .execute(&mut *connection)
        .await?;
    }
    let (companies, ids, labels) = of(false);
    if !labels.is_empty() {
        sqlx::query(
            "delete from thread_labels l
             using unnest($1::uuid[], $2::uuid[], $3::uuid[]) as g(company_id, id, label_id)
             where l.company_id = g.company_id
               and l.conversation_id = g.id
               and l.label_id = g.label_id",
        )
        .bind(companies)
        .bind(ids)
        .bind(labels)
        .execute(connection)
        .await?;
    }
    Ok(())
}
