-- Which channels work with one token, also of several companies: a token that is not valid any more stops
-- all of them. Only a keyed digest is here; two tokens can be compared by it and none be guessed.
alter table channels.secrets add column token_mac bytea;
create index secrets_token on channels.secrets (token_mac);
