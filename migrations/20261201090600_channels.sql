-- What channels need beside their history: where deliveries come in, the secrets, and when the
-- provider was last heard. Secrets are sealed by the vault, hook keys are hashed; neither is an event.

create schema channels;
grant usage on schema channels to kernel_writer, kernel_reader;

-- A key in a callback address leads to its channel. Two side by side while one is exchanged. The key
-- itself is made of the company's index key and the generation, so that only its hash is kept.
create table channels.hooks (
  company_id  uuid        not null,
  key_hash    bytea       not null,
  channel_id  uuid        not null,
  generation  integer     not null,
  created_at  timestamptz not null,
  until       timestamptz,
  constraint hooks_pkey primary key (company_id, key_hash),
  constraint hooks_hash_check check (octet_length(key_hash) = 32)
);
create unique index hooks_key on channels.hooks (key_hash);
create index hooks_channel on channels.hooks (company_id, channel_id);

-- All secrets of a channel, a row per version; the event names the version.
create table channels.secrets (
  company_id  uuid        not null,
  channel_id  uuid        not null,
  version     integer     not null,
  created_at  timestamptz not null,
  token       bytea       not null,
  app_secret  bytea       not null,
  old_secret  bytea,
  constraint secrets_pkey primary key (company_id, channel_id, version)
);

-- When the provider was last heard: told at most every few seconds, and not history.
create table channels.signs (
  company_id            uuid        not null,
  channel_id            uuid        not null,
  handshake_at          timestamptz,
  last_webhook_at       timestamptz,
  last_bad_signature_at timestamptz,
  constraint signs_pkey primary key (company_id, channel_id)
) with (fillfactor = 50);

do $$
declare
  name text;
begin
  foreach name in array array['hooks', 'secrets', 'signs'] loop
    execute format('alter table channels.%I enable row level security', name);
    execute format('alter table channels.%I force row level security', name);
    execute format('create policy company_only on channels.%I for select to kernel_reader
      using (company_id = nullif(current_setting(''app.company'', true), '''')::uuid)', name);
    execute format('create policy kernel_keeps on channels.%I to kernel_writer
      using (true) with check (true)', name);
    execute format('grant select, insert, update, delete on channels.%I to kernel_writer', name);
  end loop;
end $$;
-- Only what the screen shows is readable by the reader's role.
grant select on channels.signs to kernel_reader;
