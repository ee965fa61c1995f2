-- Messages that are left out of the context, and full-text search over titles and messages.

alter table messages add column left_out integer not null default 0;

-- A full-text table knows a row by its number, and ours have ids that are texts: so each title and
-- each message has a number here, for good. What a search filters by stands beside it.
create table title_numbers (
    number integer primary key,
    conversation_id text not null unique references conversations (id) on delete cascade
) strict;

create table message_numbers (
    number integer primary key,
    message_id text not null unique references messages (id) on delete cascade,
    conversation_id text not null,
    created_at_ms integer not null,
    role text not null,
    model_name text,
    -- The message or one above it is deleted.
    hidden integer not null
) strict;

-- The words are in their own tables already, so these keep none. The short prefixes are those of
-- somebody who has just begun to type.
create virtual table title_index using fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
);

create virtual table message_index using fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
);

insert into title_numbers (conversation_id) select id from conversations order by id;

insert into title_index (rowid, words)
select n.number, c.title from title_numbers n join conversations c on c.id = n.conversation_id;

insert into message_numbers (message_id, conversation_id, created_at_ms, role, model_name, hidden)
select id, conversation_id, created_at_ms, role, model_name, 0 from messages order by id;

update message_numbers set hidden = 1 where message_id in (
    with recursive under (conversation_id, id) as (
        select conversation_id, id from messages where deleted_at_ms is not null
        union
        select m.conversation_id, m.id from under u
        cross join messages m on m.conversation_id = u.conversation_id and m.parent_id = u.id
    )
    select id from under
);

insert into message_index (rowid, words)
select n.number, m.content from message_numbers n cross join messages m on m.id = n.message_id
where m.content <> '';

create trigger conversations_inserted after insert on conversations
begin
    insert into title_numbers (conversation_id) values (new.id);
    insert into title_index (rowid, words)
    select number, new.title from title_numbers where conversation_id = new.id;
end;

create trigger conversations_renamed after update of title on conversations
when new.title is not old.title
begin
    delete from title_index
    where rowid = (select number from title_numbers where conversation_id = new.id);
    insert into title_index (rowid, words)
    select number, new.title from title_numbers where conversation_id = new.id;
end;

create trigger title_numbers_deleted after delete on title_numbers
begin
    delete from title_index where rowid = old.number;
end;

create trigger messages_inserted after insert on messages
begin
    insert into message_numbers (message_id, conversation_id, created_at_ms, role, model_name, hidden)
    values (new.id, new.conversation_id, new.created_at_ms, new.role, new.model_name,
            new.deleted_at_ms is not null);
    insert into message_index (rowid, words)
    select number, new.content from message_numbers where message_id = new.id and new.content <> '';
end;

-- An answer that is being written is saved every second; its words are indexed once, at its end.
create trigger messages_rewritten after update of content on messages
when new.content is not old.content and not exists (
    select 1 from runs
    where conversation_id = new.conversation_id and ended_at_ms is null and message_id = new.id
)
begin
    delete from message_index
    where rowid = (select number from message_numbers where message_id = new.id);
    insert into message_index (rowid, words)
    select number, new.content from message_numbers where message_id = new.id;
end;

create trigger runs_ended after update of ended_at_ms on runs
when old.ended_at_ms is null and new.ended_at_ms is not null
begin
    delete from message_index
    where rowid = (select number from message_numbers where message_id = new.message_id);
    insert into message_index (rowid, words)
    select n.number, m.content from message_numbers n cross join messages m on m.id = n.message_id
    where n.message_id = new.message_id;
end;

-- With a message all that is under it goes and comes, except what was deleted before it. A message
-- that comes back under one that is still deleted stays hidden; it is shown together with that one.
create trigger messages_hidden after update of deleted_at_ms on messages
when (new.deleted_at_ms is null) <> (old.deleted_at_ms is null)
begin
    update message_numbers set hidden = new.deleted_at_ms is not null
    where message_id in (
        with recursive under (id) as (
            select new.id
            union all
            select m.id from under u
            cross join messages m on m.conversation_id = new.conversation_id and m.parent_id = u.id
            where m.deleted_at_ms is null
        )
        select id from under
    ) and (new.deleted_at_ms is not null or not exists (
        with recursive above (parent_id, deleted_at_ms) as (
            select new.parent_id, null
            union all
            select m.parent_id, m.deleted_at_ms from above a join messages m on m.id = a.parent_id
        )
        select 1 from above where deleted_at_ms is not null
    ));
end;

create trigger message_numbers_deleted after delete on message_numbers
begin
    delete from message_index where rowid = old.number;
end;
