-- Notes beside conversations are searched, too; and the names of those who answered are listed without reading all
-- messages.

-- Under the numbers of the titles: both belong to the conversation.
create virtual table note_index using fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
);

insert into note_index (rowid, words)
select n.number, c.notes from title_numbers n join conversations c on c.id = n.conversation_id
where c.notes <> '';

-- A conversation that comes with notes, such as a copy, gets its number first.
create trigger title_numbers_inserted after insert on title_numbers
begin
    insert into note_index (rowid, words)
    select new.number, notes from conversations where id = new.conversation_id and notes <> '';
end;

create trigger conversations_noted after update of notes on conversations
when new.notes is not old.notes
begin
    delete from note_index
    where rowid = (select number from title_numbers where conversation_id = new.id);
    insert into note_index (rowid, words)
    select number, new.notes from title_numbers where conversation_id = new.id and new.notes <> '';
end;

create trigger title_numbers_gone after delete on title_numbers
begin
    delete from note_index where rowid = old.number;
end;

create index message_numbers_by_model on message_numbers (model_name) where model_name is not null;
