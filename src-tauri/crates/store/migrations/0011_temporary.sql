-- Set in the database in memory that holds temporary conversations; on the disk no row has it.
alter table conversations add column is_temporary integer not null default 0;
