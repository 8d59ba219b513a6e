-- Who read something of a person (LG10): at most a row for each person, reader and way within ten
-- minutes, kept for a year. Reading is no fact that anything is decided by, so it is no event; ids only.
create table contacts.reads (
  company_id   uuid        not null,
  contact_id   uuid        not null,
  at           timestamptz not null,
  reader_id    uuid        not null,
  acting_for   uuid,
  reader_kind  text        not null,
  what         text        not null,
  constraint reads_pkey primary key (company_id, contact_id, at, reader_id, what),
  constraint reads_kind_check check (reader_kind in ('user', 'api_key')),
  constraint reads_what_check check (what in ('contact', 'messages', 'file'))
);
create index reads_age on contacts.reads (at);

alter table contacts.reads enable row level security;
alter table contacts.reads force row level security;
create policy company_only on contacts.reads for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on contacts.reads to kernel_writer using (true) with check (true);
grant select, insert, delete on contacts.reads to kernel_writer;
grant select on contacts.reads to kernel_reader;
