-- What the ways in and out of the ledger stand on: raw deliveries, where each read model stands, what
-- a policy could not take, and who does which work.

create schema intake;
create schema projection;
create schema policy;
create schema node;

-- Raw deliveries, committed before the provider is answered. `route` is the channel, app or endpoint
-- it came by; a sealed body opens with its key only, and its key goes with its age.
create table intake.deliveries (
  position     bigint      not null,
  received_at  timestamptz not null,
  shard        smallint    not null,
  id           uuid        not null,
  key_id       uuid        not null,
  route        uuid        not null,
  company_id   uuid,
  provider     text        not null,
  sealed       bytea       not null,
  constraint deliveries_pkey primary key (shard, position),
  constraint deliveries_position_check check (position > 0)
);
create index deliveries_id_key on intake.deliveries (id);
create index deliveries_route_idx on intake.deliveries (shard, route, position);

-- Keys of deliveries, wrapped by a key-encryption key. `mac` is the one that proves for ever which raw
-- bytes an event came from; it is never dropped.
create table intake.keys (
  id          uuid        not null,
  purpose     text        not null,
  kek         text        not null,
  wrapped     bytea       not null,
  created_at  timestamptz not null default now(),
  constraint keys_pkey primary key (id),
  constraint keys_purpose_check check (purpose in ('body', 'mac'))
);
create unique index keys_one_mac_key on intake.keys (purpose) where purpose = 'mac';

-- `paused` names the companies of `failures`: whoever waited for the row's lock sees the row as it is
-- then, but anything else as it was when the waiting began.
create table projection.checkpoints (
  position  bigint      not null,
  moved_at  timestamptz not null default now(),
  version   integer     not null,
  shard     smallint    not null,
  name      text        not null,
  paused    uuid[]      not null default '{}',
  constraint checkpoints_pkey primary key (name, shard)
) with (fillfactor = 50);

-- A company that a read model could not digest: paused there from `company_seq` on.
create table projection.failures (
  company_id   uuid        not null,
  company_seq  bigint      not null,
  failed_at    timestamptz not null default now(),
  shard        smallint    not null,
  name         text        not null,
  event_type   text        not null,
  error        text        not null,
  constraint failures_pkey primary key (name, company_id)
);

-- The same for policies.
create table policy.failures (
  company_id   uuid        not null,
  company_seq  bigint      not null,
  failed_at    timestamptz not null default now(),
  resume_at    timestamptz,
  policy       smallint    not null,
  event_type   text        not null,
  error        text        not null,
  constraint failures_pkey primary key (policy, company_id)
);

-- Processes. `beat` moves while one lives; whoever looks measures by its own clock how long it stood.
create table node.nodes (
  node     text   not null,
  session  uuid   not null,
  beat     bigint not null,
  constraint nodes_pkey primary key (node)
) with (fillfactor = 50);

-- Who does what. The epoch moves with every change of hands.
create table node.assignments (
  unit     text   not null,
  node     text,
  session  uuid,
  epoch    bigint not null,
  constraint assignments_pkey primary key (unit)
);

grant usage on schema intake, projection, policy, node to kernel_writer;
grant select, insert, delete on intake.deliveries, intake.keys to kernel_writer;
grant update (kek, wrapped) on intake.keys to kernel_writer;
grant select, insert, update, delete on projection.checkpoints, projection.failures to kernel_writer;
grant select, insert, update, delete on policy.failures to kernel_writer;
grant select, insert, update, delete on node.nodes, node.assignments to kernel_writer;

-- A company sees which of its own screens stand still.
alter table projection.failures enable row level security;
alter table projection.failures force row level security;
create policy company_only on projection.failures for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on projection.failures to kernel_writer using (true) with check (true);
alter table policy.failures enable row level security;
alter table policy.failures force row level security;
create policy company_only on policy.failures for select to kernel_reader
  using (company_id = nullif(current_setting('app.company', true), '')::uuid);
create policy kernel_keeps on policy.failures to kernel_writer using (true) with check (true);
alter table intake.deliveries enable row level security;
alter table intake.deliveries force row level security;
create policy kernel_keeps on intake.deliveries to kernel_writer using (true) with check (true);
grant usage on schema projection, policy to kernel_reader;
grant select on projection.failures, policy.failures to kernel_reader;

-- Policies by their stable number. A policy starts where the ledger ended when it was first seen.
create table policy.policies (
  since   bigint   not null,
  policy  smallint not null,
  name    text     not null,
  constraint policies_pkey primary key (policy),
  constraint policies_name_key unique (name)
);
grant select, insert on policy.policies to kernel_writer;
