-- Keys, in layers: the key-encryption keys lie outside of the database; they wrap one key per company;
-- that wraps the keys of its subjects by class and period (D3). Destroying a row's `wrapped` destroys
-- what was sealed under it, and the row stays, so that no second key is ever made.
create schema vault;

-- What each key-encryption key must answer, so that a wrong one is refused (D28).
create table vault.keks (
  id           text        not null,
  check_value  bytea       not null,
  created_at   timestamptz not null default clock_timestamp(),
  constraint keks_pkey primary key (id)
);

create table vault.company_keys (
  company_id   uuid        not null,
  kek          text        not null,
  wrapped      bytea,
  index_key    bytea,
  created_at   timestamptz not null default clock_timestamp(),
  shredded_at  timestamptz,
  constraint company_keys_pkey primary key (company_id),
  constraint company_keys_shredded_check check (
    (wrapped is null) = (shredded_at is not null) and (index_key is null) = (wrapped is null)
  )
);

-- Period -1 is a mark: the class is destroyed for this subject for all periods, also those to come.
create table vault.subject_keys (
  company_id   uuid        not null,
  subject_id   uuid        not null,
  class        text        not null,
  period       integer     not null,
  wrapped      bytea,
  created_at   timestamptz not null default clock_timestamp(),
  shredded_at  timestamptz,
  constraint subject_keys_pkey primary key (company_id, subject_id, class, period),
  constraint subject_keys_class_check check (class in ('identity', 'content', 'proof', 'origin')),
  constraint subject_keys_shredded_check check ((wrapped is null) = (shredded_at is not null))
);
create index subject_keys_period_idx on vault.subject_keys (class, period) where wrapped is not null;

-- Retention: a class of one period is destroyed for everybody.
create table vault.shredded_periods (
  class        text        not null,
  period       integer     not null,
  shredded_at  timestamptz not null,
  constraint shredded_periods_pkey primary key (class, period)
);

-- Every shred, signed; the same record lies outside of any backup (D34).
create table vault.shreds (
  id         uuid        not null,
  at         timestamptz not null,
  record     text        not null,
  key_id     uuid        not null,
  signature  bytea       not null,
  constraint shreds_pkey primary key (id)
);

-- What the house signs with: the daily heads of the chains, shreds, exports.
create table vault.signing_keys (
  id          uuid        not null,
  kek         text        not null,
  public      bytea       not null,
  wrapped     bytea       not null,
  created_at  timestamptz not null default clock_timestamp(),
  constraint signing_keys_pkey primary key (id)
);

grant usage on schema vault to kernel_writer;
grant select, insert on vault.keks, vault.shreds, vault.shredded_periods to kernel_writer;
grant select, insert, update on vault.company_keys, vault.subject_keys to kernel_writer;
grant select, insert, update on vault.signing_keys to kernel_writer;
