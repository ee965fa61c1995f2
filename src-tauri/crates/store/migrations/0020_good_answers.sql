-- A person marked the answer as good: trainers can be given just these.
alter table messages add column good integer not null default 0;
