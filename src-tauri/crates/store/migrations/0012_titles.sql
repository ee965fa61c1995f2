-- 1: a model wrote the title, in the place of the words that the person began with.
alter table conversations add column title_by_model integer not null default 0;
