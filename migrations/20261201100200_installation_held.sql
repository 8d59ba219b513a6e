-- After a restore what acts waits until a person has looked (D12).
alter table ledger.installation add column held_since timestamptz;
