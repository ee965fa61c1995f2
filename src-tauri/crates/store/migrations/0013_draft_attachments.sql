-- Files that go with the draft of a conversation.
create table draft_attachments (
    conversation_id text not null references conversations (id) on delete cascade,
    ordinal integer not null,
    attachment_id text not null references attachments (id),
    primary key (conversation_id, ordinal)
) strict, without rowid;

create index draft_attachments_by_attachment on draft_attachments (attachment_id);
