-- Work spreads over the processes that live: each says what kinds of work it stands for, and asks the
-- owner for what is its share.

alter table node.nodes add column serves text[] not null default '{}';
alter table node.assignments add column wanted_by text;
