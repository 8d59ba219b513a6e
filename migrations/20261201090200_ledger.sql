-- The ledger: the only copy that counts. Event types, kinds of streams and of actors stand in it as
-- numbers of a dictionary, and correlation and causation only where they are not the command: a row with
-- its indexes shall stay under 700 bytes. Fixed-width columns come first: no padding inside a row.
create schema ledger;

create table ledger.words (
  id    smallint generated always as identity,
  word  text not null,
  constraint words_pkey primary key (id),
  constraint words_word_key unique (word)
);

create table ledger.events (
  position        bigint      not null,
  company_seq     bigint      not null,
  recorded_at     timestamptz not null,
  stream_seq      integer     not null,
  shard           smallint    not null,
  event_version   smallint    not null,
  event_type      smallint    not null,
  stream_kind     smallint    not null,
  actor_kind      smallint    not null,
  depth           smallint    not null,
  policy          smallint,
  company_id      uuid        not null,
  stream_id       uuid        not null,
  event_id        uuid        not null,
  command_id      uuid        not null,
  trace           uuid        not null,
  correlation_id  uuid,
  causation_id    uuid,
  actor_id        uuid,
  acting_for      uuid,
  undoes          uuid,
  hash            bytea       not null,
  origin          text,
  payload         json        not null,
  constraint events_pkey primary key (shard, position),
  constraint events_stream_key unique (company_id, stream_id, stream_seq, shard),
  constraint events_company_key unique (company_id, company_seq, shard),
  constraint events_numbers_check check (position > 0 and company_seq > 0 and stream_seq > 0),
  constraint events_hash_check check (length(hash) = 32)
);

-- "As of T" and the audit's pages by time (D36): recorded_at follows the position but for the clock's
-- steps, so block ranges are enough.
create index events_recorded_at_idx on ledger.events using brin (recorded_at);

-- Uniqueness reservations: one owner for each (company, kind, key). The key is a blind index.
create table ledger.claims (
  shard       smallint not null,
  company_id  uuid     not null,
  owner       uuid     not null,
  key         uuid     not null,
  kind        text     not null,
  constraint claims_pkey primary key (shard, company_id, kind, key)
);
create index claims_owner_idx on ledger.claims (company_id, owner);

-- Consumers that write events. A move is a compare-and-set: a wrong `previous` turns the position into
-- null, which the table refuses.
create table ledger.checkpoints (
  shard     smallint not null,
  consumer  text     not null,
  position  bigint   not null,
  previous  bigint   not null,
  constraint checkpoints_pkey primary key (shard, consumer)
);

-- The answers once given to commands, for 48 hours.
create table ledger.replies (
  shard        smallint    not null,
  company_id   uuid        not null,
  command_id   uuid        not null,
  recorded_at  timestamptz not null,
  fingerprint  bytea       not null,
  response     json        not null,
  constraint replies_pkey primary key (shard, company_id, command_id)
);
create index replies_recorded_at_idx on ledger.replies (recorded_at);

-- What is to be done later (D15): set, taken back and gone off in the commit of the events.
create table ledger.timers (
  shard       smallint    not null,
  company_id  uuid        not null,
  id          uuid        not null,
  kind        text        not null,
  due         timestamptz not null,
  latest      timestamptz not null,
  local_due   timestamp,
  zone        text,
  payload     json        not null,
  constraint timers_pkey primary key (shard, company_id, kind, id),
  constraint timers_latest_check check (latest >= due),
  constraint timers_local_check check ((local_due is null) = (zone is null))
);
create index timers_due_idx on ledger.timers (shard, due);

-- What a stock cqrs-es repository expects to read (`with_tables('ledger.stock_events', …)`).
create view ledger.stock_events as
select
  k.word as aggregate_type,
  e.company_id || ':' || e.stream_id as aggregate_id,
  e.stream_seq::bigint as sequence,
  t.word as event_type,
  e.event_version::text as event_version,
  json_build_object(t.word, e.payload) as payload,
  json_build_object(
    'position', e.position::text, 'company', e.company_id, 'command', e.command_id,
    'correlation', coalesce(e.correlation_id, e.command_id),
    'causation', coalesce(e.causation_id, e.command_id), 'recorded_at', e.recorded_at
  ) as metadata
from ledger.events e
join ledger.words k on k.id = e.stream_kind
join ledger.words t on t.id = e.event_type;

-- An audit reads on behalf of a company and sees its rows only (D29).
alter table ledger.events enable row level security;
alter table ledger.events force row level security;
create policy company_only on ledger.events for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_reads on ledger.events for select to kernel_writer using (true);
create policy kernel_appends on ledger.events for insert to kernel_writer with check (true);

grant usage on schema ledger to kernel_writer, kernel_reader;
grant select, insert on ledger.events, ledger.words to kernel_writer;
grant select, insert, delete on ledger.claims, ledger.replies to kernel_writer;
grant select, insert, update on ledger.checkpoints to kernel_writer;
grant select, insert, update, delete on ledger.timers to kernel_writer;
grant select on ledger.stock_events to kernel_writer;
grant select on ledger.events, ledger.words to kernel_reader;
