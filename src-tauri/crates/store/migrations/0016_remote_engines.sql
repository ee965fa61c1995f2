-- Engines on other machines. Their models are rows of `models` without files.

create table remote_engines (
    id text primary key not null,
    name text not null,
    -- Where the API begins; adding an address again changes what is known of it.
    address text not null unique,
    -- The token itself is where secrets are.
    has_token integer not null,
    added_at_ms integer not null,
    asked_at_ms integer not null
) strict;

alter table models add column engine_id text references remote_engines (id) on delete cascade;
-- What the engine calls the model; `key` is unique here.
alter table models add column remote_name text;

create index models_by_engine on models (engine_id) where engine_id is not null;
