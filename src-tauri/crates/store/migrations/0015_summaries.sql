-- What models are sent in the place of a branch up to a message, where its conversation says so.
create table summaries (
    -- The last message it stands for.
    message_id text primary key not null references messages (id) on delete cascade,
    id text not null unique,
    message_count integer not null,
    created_at_ms integer not null,
    -- A person changed it.
    is_edited integer not null,
    model_name text,
    text text not null
) strict, without rowid;
