-- The audit reads a company's history by date, and "as of T" begins there (D36). Events of one commit
-- have one time, so the entries of a company's commit share one: measured 38 bytes an event, beside 71 of
-- the company's numbers. The block ranges over all companies stay for the platform's own questions.
create index events_company_time_idx on ledger.events (company_id, recorded_at);
