-- Erasures of people (D34): what was asked for and how far it has come, so that one that broke off goes
-- on. Not history itself: that is the event, and the signed record of the shred. Ids only.
create schema contacts;
grant usage on schema contacts to kernel_writer, kernel_reader;

create table contacts.erasures (
  company_id    uuid        not null,
  id            uuid        not null,
  contacts      uuid[]      not null,
  -- Where the objects of her files are, sealed under her own key as long as there is one.
  places        text[]      not null default '{}',
  requested_at  timestamptz not null,
  requested_by  uuid,
  -- Up to where raw deliveries were looked through.
  looked_at     bigint      not null default 0,
  shredded_at   timestamptz,
  done_at       timestamptz,
  constraint erasures_pkey primary key (company_id, id)
);
create index erasures_contacts on contacts.erasures using gin (contacts);
create index erasures_open on contacts.erasures (requested_at) where done_at is null;

alter table contacts.erasures enable row level security;
alter table contacts.erasures force row level security;
create policy company_only on contacts.erasures for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on contacts.erasures to kernel_writer using (true) with check (true);
grant select, insert, update on contacts.erasures to kernel_writer;
grant select on contacts.erasures to kernel_reader;

-- A raw delivery about an erased person is emptied; its place in the intake stays.
grant update (sealed) on intake.deliveries to kernel_writer;
