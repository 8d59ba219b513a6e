-- Which life of the installation this database is in (D12), and the daily signed heads of the chains: a
-- history that was cut at its end or rewritten as a whole is found by a head that was kept elsewhere.
create table ledger.installation (
  id                 smallint    not null default 1,
  incarnation        uuid        not null,
  system_identifier  text        not null,
  timeline           integer     not null,
  purpose            text        not null,
  began_at           timestamptz not null,
  lost_from          timestamptz,
  constraint installation_pkey primary key (id),
  constraint installation_one_check check (id = 1),
  constraint installation_purpose_check check (purpose in ('live', 'audit'))
);

create table ledger.heads (
  company_id   uuid        not null,
  day          date        not null,
  shard        smallint    not null,
  company_seq  bigint      not null,
  hash         bytea       not null,
  key_id       uuid        not null,
  signature    bytea       not null,
  signed_at    timestamptz not null,
  constraint heads_pkey primary key (company_id, day)
);

grant select, insert, update on ledger.installation to kernel_writer;
grant select, insert on ledger.heads to kernel_writer;
grant select on ledger.heads to kernel_reader;

-- Every table with a company has a policy, also those that no query of a company reaches (D29).
do $$
declare
  wanted text;
begin
  foreach wanted in array array['ledger.claims', 'ledger.replies', 'ledger.timers', 'ledger.heads',
    'vault.company_keys', 'vault.subject_keys'] loop
    execute format('alter table %s enable row level security', wanted);
    execute format('alter table %s force row level security', wanted);
    execute format(
      'create policy company_only on %s for select to kernel_reader '
      'using (company_id = nullif(current_setting(''app.company'', true), '''')::uuid)', wanted);
    execute format(
      'create policy kernel_keeps on %s to kernel_writer using (true) with check (true)', wanted);
  end loop;
end $$;
