-- What opens doors, outside the ledger (D11): password hashes, sessions, known browsers, keys of
-- programs, and how often somebody tried. Tokens are here as hashes only; who may do what is decided by
-- the ledger, so a row that is left behind opens nothing.
create schema tenancy;
grant usage on schema tenancy to kernel_writer;

create table tenancy.passwords (
  user_id uuid not null,
  hash text not null,
  changed_at timestamptz not null default now(),
  constraint passwords_pkey primary key (user_id)
);

create table tenancy.sessions (
  session_id uuid not null,
  user_id uuid not null,
  token_hash bytea not null constraint sessions_token_size check (length(token_hash) = 32),
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  -- Address and program, sealed under the user's key.
  origin jsonb not null,
  -- The company in whose place a person of the platform acts, until when, and why.
  acting_in uuid,
  acting_until timestamptz,
  acting_reason text,
  constraint sessions_pkey primary key (session_id),
  constraint sessions_token_key unique (token_hash),
  constraint sessions_acting_whole
    check (num_nulls(acting_in, acting_until, acting_reason) in (0, 3))
);
create index sessions_user on tenancy.sessions (user_id, created_at);
create index sessions_expiry on tenancy.sessions (expires_at);

-- Browsers in which a user has signed in before: strangers' failures do not count against them.
create table tenancy.devices (
  token_hash bytea not null constraint devices_token_size check (length(token_hash) = 32),
  user_id uuid not null,
  seen_at timestamptz not null,
  constraint devices_pkey primary key (token_hash, user_id)
);
create index devices_age on tenancy.devices (seen_at);

create table tenancy.api_keys (
  token_hash bytea not null constraint api_keys_token_size check (length(token_hash) = 32),
  company_id uuid not null,
  key_id uuid not null,
  used_at timestamptz,
  constraint api_keys_pkey primary key (token_hash),
  constraint api_keys_key_key unique (company_id, key_id)
);

-- Token buckets; `bucket` is a keyed digest of an account, an address or a browser.
create table tenancy.attempts (
  bucket bytea not null constraint attempts_bucket_size check (length(bucket) = 16),
  tokens double precision not null,
  at timestamptz not null,
  constraint attempts_pkey primary key (bucket)
) with (fillfactor = 70);
create index attempts_age on tenancy.attempts (at);

alter table tenancy.api_keys enable row level security;
alter table tenancy.api_keys force row level security;
create policy kernel_keeps on tenancy.api_keys to kernel_writer using (true) with check (true);

grant select, insert, update, delete on all tables in schema tenancy to kernel_writer;
