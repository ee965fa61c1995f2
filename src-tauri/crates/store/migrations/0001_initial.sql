-- Times are Unix milliseconds, ids UUID version 7 as text, structured values JSON.
-- Columns that may be long come last, so that a list reads past none of them.

create table settings (
    key text primary key not null,
    value text not null
) strict;

create table roots (
    id text primary key not null,
    path text not null unique,
    is_own integer not null default 0,
    added_at_ms integer not null
) strict;

create table models (
    id text primary key not null,
    key text not null unique,
    path text not null unique,
    root_id text references roots (id) on delete cascade,
    name text not null,
    architecture text not null,
    quantization text not null,
    size_bytes integer not null,
    parameter_count integer not null,
    context_length integer not null,
    has_chat_template integer not null,
    added_at_ms integer not null,
    used_at_ms integer,
    fingerprint text not null,
    files text not null,
    verdict text not null
) strict;

create index models_by_root on models (root_id);

create table conversations (
    id text primary key not null,
    title text not null check (title <> ''),
    -- Lower case in all alphabets, which SQLite itself cannot make.
    title_folded text not null,
    title_is_automatic integer not null,
    pinned integer not null default 0,
    unread integer not null default 0,
    created_at_ms integer not null,
    updated_at_ms integer not null,
    deleted_at_ms integer,
    model_id text references models (id) on delete set null,
    head_id text references messages (id),
    parameters text not null,
    system_prompt text not null,
    draft text not null default ''
) strict;

create index conversations_by_time on conversations (pinned desc, updated_at_ms desc, id desc)
where deleted_at_ms is null;

create table messages (
    id text primary key not null,
    conversation_id text not null references conversations (id),
    parent_id text references messages (id),
    role text not null check (role in ('user', 'assistant')),
    created_at_ms integer not null,
    -- Set on the message that was deleted, not on those under it: they are hidden with it.
    deleted_at_ms integer,
    -- The leaf that was shown when it was deleted, if that went with it.
    deleted_head_id text references messages (id),
    model_name text,
    reasoning text,
    content text not null
) strict;

create index messages_by_parent on messages (conversation_id, parent_id, id, deleted_at_ms);

create table runs (
    id text primary key not null,
    conversation_id text not null references conversations (id),
    message_id text not null references messages (id),
    model_id text references models (id) on delete set null,
    state text not null check (
        state in ('queued', 'prefilling', 'generating', 'completed', 'stopped', 'failed', 'interrupted')
    ),
    started_at_ms integer not null,
    ended_at_ms integer,
    statistics text,
    error text,
    check ((ended_at_ms is null) = (state in ('queued', 'prefilling', 'generating')))
) strict;

create index runs_by_message on runs (message_id, id);

-- A conversation has at most one run that has not ended.
create unique index runs_unfinished on runs (conversation_id) where ended_at_ms is null;

create table downloads (
    id text primary key not null,
    name text not null,
    source text not null,
    url text not null,
    target text not null,
    sha256 text,
    total_bytes integer not null,
    created_at_ms integer not null,
    state text not null
) strict;
