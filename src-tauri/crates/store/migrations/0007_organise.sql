-- Folders, tags, the archive, notes, and what removing conversations for good needs.

create table folders (
    id text primary key not null,
    parent_id text references folders (id),
    name text not null check (name <> ''),
    created_at_ms integer not null,
    deleted_at_ms integer,
    -- What lay in it when it was deleted, as JSON: ids of folders and conversations.
    held text
) strict;

create index folders_by_parent on folders (parent_id);

alter table conversations add column folder_id text references folders (id);
alter table conversations add column archived_at_ms integer;
-- What a person writes beside a conversation. Last, as it may be long.
alter table conversations add column notes text not null default '';

create index conversations_by_folder on conversations (folder_id) where folder_id is not null;
create index conversations_by_deletion on conversations (deleted_at_ms desc, id desc)
where deleted_at_ms is not null;

create table conversation_tags (
    conversation_id text not null references conversations (id) on delete cascade,
    -- Lower case in all alphabets, which SQLite itself cannot make.
    tag_folded text not null,
    tag text not null check (tag <> ''),
    primary key (conversation_id, tag_folded)
) strict, without rowid;

create index conversation_tags_by_tag on conversation_tags (tag_folded);

-- Until now no message was ever removed. A message that goes is looked for in each column that may
-- name it; without these every one of them reads whole tables.
create index conversations_by_head on conversations (head_id) where head_id is not null;
create index messages_under on messages (parent_id) where parent_id is not null;
create index messages_by_deleted_head on messages (deleted_head_id) where deleted_head_id is not null;
create index runs_by_conversation on runs (conversation_id);
