//! The list of threads, newest first, and one of them.

use chrono::{DateTime, Utc};
use shared::{
    conversations::{Counts, LastMessage, Priority, Status},
    ids::{ChannelId, ContactId, ConversationId, IdentityId, LabelId, UserId},
    messages::Content,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::QueryError;
use crate::projections::threads::message::Doc;

/// The longest beginning of a text that a list shows, in characters.
const PREVIEW: usize = 120;

/// A thread without its person's name and address.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadRow {
    /// Which.
    pub id: ConversationId,
    /// The channel.
    pub channel: ChannelId,
    /// The contact that owns the address.
    pub contact: ContactId,
    /// The address that answers go to.
    pub identity: Option<IdentityId>,
    /// The last thing said.
    pub last: Option<LastMessage>,
    /// How many messages nobody has read; at most 100 are counted.
    pub n_unread: i64,
    /// Until when free text is allowed.
    pub window_closes_at: Option<DateTime<Utc>>,
    /// What the list is ordered by.
    pub active_at: DateTime<Utc>,
    /// How it stands.
    pub status: Status,
    /// Until when it is put off, while it is.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Whose it is.
    pub assignee: Option<UserId>,
    /// How much it hurries.
    pub priority: Priority,
    /// The labels it bears, of those that there still are.
    pub labels: Vec<LabelId>,
}

/// A place in the list: the thread before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its time.
    pub active_at: DateTime<Utc>,
    /// Its id.
    pub id: Uuid,
}

impl Cursor {
    /// As a client gets it.
    #[must_use]
    pub fn print(self) -> String {
        format!("{:x}-{}", self.active_at.timestamp_micros(), self.id.simple())
    }

    /// As a client sends it back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        let at = i64::from_str_radix(at, 16).ok()?;
        let active_at = DateTime::from_timestamp_micros(at)?;
        Some(Self { active_at, id: Uuid::try_parse(id).ok()? })
    }
}

/// What the list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one channel only.
    pub channel: Option<ChannelId>,
    /// Of these contacts only.
    pub contacts: Option<Vec<ContactId>>,
    /// Of one status only.
    pub status: Option<Status>,
    /// Whose.
    pub of: Whose,
    /// That bear a label.
    pub label: Option<LabelId>,
}

/// Whose threads are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// Anybody's, and nobody's.
    #[default]
    Anybodys,
    /// Nobody's.
    Nobodys,
    /// Somebody's.
    Somebodys(UserId),
    /// Somebody's, and nobody's.
    SomebodysOrNobodys(UserId),
}

impl Whose {
    const fn user(self) -> Option<UserId> {
        match self {
            Self::Somebodys(user) | Self::SomebodysOrNobodys(user) => Some(user),
            Self::Anybodys | Self::Nobodys => None,
        }
    }

    /// Whether some threads are not asked for.
    const fn is_narrow(self) -> bool {
        !matches!(self, Self::Anybodys)
    }

    /// Whether nobody's are asked for too.
    const fn takes_nobodys(self) -> bool {
        !matches!(self, Self::Somebodys(_))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    channel_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    identity_id: Option<Uuid>,
    window_closes_at: Option<DateTime<Utc>>,
    active_at: DateTime<Utc>,
    status: String,
    snoozed_until: Option<DateTime<Utc>>,
    assignee: Option<Uuid>,
    priority: String,
    labels: Vec<Uuid>,
    doc: Option<String>,
    n_unread: i64,
}

/// Threads with their newest message, their labels and how many messages nobody has read, at most 100;
/// with a condition behind it.
macro_rules! threads_where {
    ($condition:literal) => {
        concat!(
            "select t.id, t.channel_id, t.contact_id, t.identity_id, t.window_closes_at, t.active_at,
                    t.status, t.snoozed_until, t.assignee, t.priority, l.doc, u.n as n_unread,
                    array(
                      select b.label_id
                      from conversations_threads.thread_labels b
                      join conversations_labels.labels k
                        on k.company_id = b.company_id and k.id = b.label_id
                      where b.company_id = t.company_id and b.conversation_id = t.id
                      order by b.label_id) as labels
             from conversations_threads.threads t
             left join conversations_threads.messages l
               on l.company_id = t.company_id and l.id = t.last_id
             left join conversations.read_marks r
               on r.company_id = t.company_id and r.conversation_id = t.id
             cross join lateral (
               select count(*) as n
               from (
                 select
                 from conversations_threads.messages m
                 where m.company_id = t.company_id
                   and m.conversation_id = t.id
                   and not m.is_hidden
                   and m.is_to_read
                   and (r.at is null or (m.at, m.intake, m.index) > (r.at, r.intake, r.index))
                 limit 100
               ) unread
             ) u
             where t.channel_id is not null and ",
            $condition
        )
    };
}

/// A page of the list, as the company that the transaction reads as.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    after: Option<Cursor>,
    most: i64,
) -> Result<Vec<ThreadRow>, QueryError> {
    let contacts: Option<Vec<Uuid>> = filter
        .contacts
        .as_ref()
        .map(|contacts| contacts.iter().map(|contact| contact.into_uuid()).collect());
    let rows: Vec<Row> = sqlx::query_as(threads_where!(
        "($1::uuid is null or t.channel_id = $1)
         and ($2::uuid[] is null or t.contact_id = any($2))
         and ($3::timestamptz is null or (t.active_at, t.id) < ($3, $4::uuid))
         and ($6::text is null or t.status = $6)
         and (not $7 or t.assignee is null or t.assignee = $8)
         and ($9 or t.assignee = $8)
         and ($10::uuid is null or exists (
           select
           from conversations_threads.thread_labels b
           where b.company_id = t.company_id and b.conversation_id = t.id and b.label_id = $10))
         order by t.active_at desc, t.id desc
         limit $5"
    ))
    .bind(filter.channel.map(ChannelId::into_uuid))
    .bind(contacts)
    .bind(after.map(|cursor| cursor.active_at))
    .bind(after.map(|cursor| cursor.id))
    .bind(most)
    .bind(filter.status.map(Status::as_str))
    .bind(filter.of.is_narrow())
    .bind(filter.of.user().map(UserId::into_uuid))
    .bind(filter.of.takes_nobodys())
    .bind(filter.label.map(LabelId::into_uuid))
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(thread).collect()
}

/// One thread.
pub async fn one(
    connection: &mut PgConnection,
    id: ConversationId,
) -> Result<Option<ThreadRow>, QueryError> {
    let row: Option<Row> = sqlx::query_as(threads_where!("t.id = $1"))
        .bind(id.into_uuid())
        .fetch_optional(connection)
        .await?;
    row.map(thread).transpose()
}

/// Threads by their own ids, by messages in them, or by their contacts.
pub async fn touched(
    connection: &mut PgConnection,
    keys: &[Uuid],
) -> Result<Vec<ThreadRow>, QueryError> {
    let rows: Vec<Row> = sqlx::query_as(threads_where!(
        "t.id in (
           select unnest($1::uuid[])
           union
           select m.conversation_id from conversations_threads.messages m where m.id = any($1)
           union
           select c.id from conversations_threads.threads c where c.contact_id = any($1))"
    ))
    .bind(keys)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(thread).collect()
}

/// The most threads that are counted.
const MOST_COUNTED: i64 = 10_000;

/// The counts for one reader.
pub async fn counts(
    connection: &mut PgConnection,
    reader: Option<UserId>,
) -> Result<Counts, QueryError> {
    let (open, mine, unassigned, snoozed) = sqlx::query_as(
        "select
           (select count(*) from (
              select from conversations_threads.threads
              where status = 'open' limit $2) x) as open,
           (select count(*) from (
              select from conversations_threads.threads
              where status = 'open' and assignee = $1 limit $2) x) as mine,
           (select count(*) from (
              select from conversations_threads.threads
              where status = 'open' and assignee is null limit $2) x) as unassigned,
           (select count(*) from (
              select from conversations_threads.threads
              where status = 'snoozed' limit $2) x) as snoozed",
    )
    .bind(reader.map(UserId::into_uuid))
    .bind(MOST_COUNTED)
    .fetch_one(connection)
    .await?;
    Ok(Counts { open, mine, unassigned, snoozed })
}

/// The threads of contacts, newest first.
pub async fn of_contacts(
    connection: &mut PgConnection,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, ConversationId)>, QueryError> {
    let contacts: Vec<Uuid> = contacts.iter().map(|contact| contact.into_uuid()).collect();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select contact_id, id
         from conversations_threads.threads
         where contact_id = any($1)
         order by active_at desc, id desc
         limit 1000",
    )
    .bind(contacts)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(contact, id)| (contact.into(), id.into())).collect())
}

/// The ids of all threads of contacts.
pub async fn all_of(connection: &mut PgConnection, contacts: &[Uuid]) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("select id from conversations_threads.threads where contact_id = any($1)")
        .bind(contacts)
        .fetch_all(connection)
        .await
}

fn thread(row: Row) -> Result<ThreadRow, QueryError> {
    let id = row.id;
    let unfit = |column| QueryError::Row { column, id };
    let last = row.doc.map(|doc| serde_json::from_str::<Doc>(&doc)).transpose();
    let last = last.map_err(|_error| unfit("messages.doc"))?;
    let (Some(channel), Some(contact)) = (row.channel_id, row.contact_id) else {
        return Err(unfit("threads.channel_id"));
    };
    Ok(ThreadRow {
        id: id.into(),
        channel: channel.into(),
        contact: contact.into(),
        identity: row.identity_id.map(IdentityId::from_uuid),
        last: last.as_ref().and_then(last_message),
        n_unread: row.n_unread,
        window_closes_at: row.window_closes_at,
        active_at: row.active_at,
        status: Status::from_word(&row.status).ok_or_else(|| unfit("threads.status"))?,
        snoozed_until: row.snoozed_until,
        assignee: row.assignee.map(UserId::from_uuid),
        priority: Priority::from_word(&row.priority).ok_or_else(|| unfit("threads.priority"))?,
        labels: row.labels.into_iter().map(LabelId::from_uuid).collect(),
    })
}

fn last_message(doc: &Doc) -> Option<LastMessage> {
    let said = doc.said.as_ref()?;
    let shown = super::messages::shown(doc);
    Some(LastMessage {
        is_outbound: said.is_outbound,
        kind: said.kind,
        preview: shown.and_then(preview),
        state: said.is_outbound.then(|| doc.progress.state()),
        at: said.place.0,
    })
}

/// The beginning of what a person reads.
#[must_use]
pub fn preview(content: &Content) -> Option<String> {
    let text = match content {
        Content::Text { body } => Some(body),
        Content::Media(media) => media.caption.as_ref().or(media.file_name.as_ref()),
        Content::Location { name, address, .. } => name.as_ref().or(address.as_ref()),
        Content::Contacts { cards } => cards.first().map(|card| &card.name),
        Content::Interactive(interactive) => Some(&interactive.body),
        Content::InteractiveReply { title, .. } => title.as_ref(),
        Content::Button { text, .. } => Some(text),
        Content::Order { text, .. } => text.as_ref(),
        Content::Template(template) => template.preview.as_ref().or(Some(&template.name)),
        Content::System { body, .. } => body.as_ref(),
        Content::Unsupported { .. } => None,
    }?;
    let mut beginning: String = text.chars().take(PREVIEW).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    Some(beginning)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use shared::messages::Content;
    use uuid::Uuid;

    use super::{Cursor, preview};

    #[test]
    fn a_cursor_comes_back_and_nothing_else_is_one() {
        let active_at = DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a time");
        let cursor = Cursor { active_at, id: Uuid::from_u128(7) };
        assert_eq!(Cursor::parse(&cursor.print()), Some(cursor));
        for text in ["", "-", "1-2", "zz-00000000000000000000000000000007"] {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_preview_is_the_beginning_and_never_cuts_a_letter() {
        let text = |body: String| preview(&Content::Text { body });
        assert_eq!(text("Oi".to_owned()).as_deref(), Some("Oi"));
        assert_eq!(text("ç".repeat(500)).expect("a preview").chars().count(), 121);
    }
}
