-- Answers that were given under an Idempotency-Key, for repeats within 48 hours. The key itself is not
-- here: the id, the digest and the seal are all derived from it and from the company's index key.
create schema http;
grant usage on schema http to kernel_writer;

create table http.answers (
  company_id uuid not null,
  command_id uuid not null,
  at timestamptz not null default now(),
  fingerprint bytea not null constraint answers_fingerprint_size check (length(fingerprint) = 32),
  sealed bytea not null,
  constraint answers_pkey primary key (company_id, command_id)
);
create index answers_at on http.answers (at);

alter table http.answers enable row level security;
alter table http.answers force row level security;
create policy kernel_keeps on http.answers to kernel_writer using (true) with check (true);
grant select, insert, delete on http.answers to kernel_writer;
