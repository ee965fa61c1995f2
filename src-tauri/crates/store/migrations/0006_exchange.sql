-- Where a conversation was imported from, such as `chatgpt:…`; null for those begun here. It is not
-- unique: what was deleted may be imported again, and restored after that.
alter table conversations add column origin text;

create index conversations_by_origin on conversations (origin) where origin is not null;
