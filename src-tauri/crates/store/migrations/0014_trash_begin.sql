-- When an app that shows the trash first ran over this database. What was deleted before then waited unseen, so its
-- days count from here.
create table trash_begin (at_ms integer not null) strict;

insert into trash_begin (at_ms) values (cast(unixepoch('subsec') * 1000 as integer));
