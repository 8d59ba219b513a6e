-- What the provider calls our files, for as long as it keeps them. Not history: without it a file is
-- uploaded once more.
create schema files;
grant usage on schema files to kernel_writer, kernel_reader;

create table files.uploads (
  company_id  uuid        not null,
  file_id     uuid        not null,
  channel_id  uuid        not null,
  media_id    text        not null,
  expires_at  timestamptz not null,
  constraint uploads_pkey primary key (company_id, file_id, channel_id)
);
alter table files.uploads enable row level security;
alter table files.uploads force row level security;
create policy company_only on files.uploads for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on files.uploads to kernel_writer using (true) with check (true);
grant select, insert, update, delete on files.uploads to kernel_writer;
grant select on files.uploads to kernel_reader;
