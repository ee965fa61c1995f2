-- What is attached to messages: the text of files, kept once however often it is attached.

-- By the hash of the text itself, so that whoever brings a text cannot pass it off as another one.
create table attachment_texts (
    -- SHA-256, 64 hexadecimal digits.
    sha256 text primary key not null,
    text text not null
) strict, without rowid;

-- A file as it was given. Never changed, so several messages may have the same one: versions, copies.
create table attachments (
    id text primary key not null,
    sha256 text not null references attachment_texts (sha256),
    name text not null check (name <> ''),
    kind text not null,
    -- Of the file, not of its text.
    size_bytes integer not null,
    characters integer not null
) strict, without rowid;

create index attachments_by_text on attachments (sha256);

create table message_attachments (
    message_id text not null references messages (id) on delete cascade,
    ordinal integer not null,
    attachment_id text not null references attachments (id),
    primary key (message_id, ordinal)
) strict, without rowid;

create index message_attachments_by_attachment on message_attachments (attachment_id);

-- A message is found by the words of what is attached to it. Its own words are in the index already,
-- and a row of it can only be replaced whole.
create trigger message_attachments_inserted after insert on message_attachments
begin
    delete from message_index
    where rowid = (select number from message_numbers where message_id = new.message_id);
    insert into message_index (rowid, words)
    select n.number, m.content || char(10) || (
        select group_concat(a.name || char(10) || t.text, char(10))
        from message_attachments ma
        cross join attachments a on a.id = ma.attachment_id
        cross join attachment_texts t on t.sha256 = a.sha256
        where ma.message_id = new.message_id
    )
    from message_numbers n cross join messages m on m.id = n.message_id
    where n.message_id = new.message_id;
end;
