-- How far each conversation was read (D11): no event, because nothing is decided by it.
create schema conversations;

create table conversations.read_marks (
  company_id       uuid        not null,
  conversation_id  uuid        not null,
  at               timestamptz not null,
  intake           bigint      not null,
  index            integer     not null,
  read_by          uuid,
  read_at          timestamptz not null default now(),
  constraint read_marks_pkey primary key (company_id, conversation_id)
) with (fillfactor = 70);

grant usage on schema conversations to kernel_writer, kernel_reader;
grant select, insert, update, delete on conversations.read_marks to kernel_writer;
grant select on conversations.read_marks to kernel_reader;
alter table conversations.read_marks enable row level security;
alter table conversations.read_marks force row level security;
create policy company_only on conversations.read_marks for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on conversations.read_marks to kernel_writer
  using (true) with check (true);
