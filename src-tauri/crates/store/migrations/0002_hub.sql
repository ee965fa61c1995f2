-- Downloads with a queue, models with their origin, and every connection that was made.

-- The table of 0001 was never written to.
drop table downloads;

create table downloads (
    id text primary key not null,
    repository text not null,
    -- 40 hexadecimal digits; empty until the commit is known.
    commit_id text not null default '',
    name text not null,
    quantization text not null default '',
    added_at_ms integer not null,
    -- Place in the queue; finished ones have none.
    position integer,
    state text not null
) strict;

create index downloads_by_position on downloads (position);

create table download_files (
    download_id text not null references downloads (id) on delete cascade,
    ordinal integer not null,
    path text not null,
    size_bytes integer not null,
    sha256 text,
    -- The file it becomes; how many bytes there are, the disk says.
    target text not null,
    verified integer not null default 0,
    primary key (download_id, ordinal)
) strict, without rowid;

alter table roots add column origin text not null default 'folder';

alter table models add column origin text not null default 'folder';
-- Repository, commit and path on the Hub, as JSON.
alter table models add column source text;
alter table models add column sha256 text;
alter table models add column verified_at_ms integer;
alter table models add column favourite integer not null default 0;
-- The name a person gave; the one of the header stays in `name`.
alter table models add column given_name text;
alter table models add column newer_on_hub integer not null default 0;
-- Set while the files lie in the trash; the row is hidden then.
alter table models add column deleted_at_ms integer;
-- How it is loaded unless something else is asked for, as JSON.
alter table models add column defaults text not null default '{}';
-- Why the files are not there, while the verdict says what holds when they come back.
alter table models add column absence text check (absence in ('missing', 'offline'));
-- sha256 of every file in order, null where it is not known, as a JSON list; empty if none is. The
-- first one is also in `sha256`.
alter table models add column hashes text not null default '[]';
-- Key and files from before the files went to the trash, as JSON; `key` and `files` have others then.
alter table models add column trashed text;
alter table models add column notes text not null default '';

-- The verdict held both before. The empty fingerprint has the file read again when it is back.
update models
set absence = 'missing', fingerprint = ''
where json_extract(verdict, '$.type') = 'missing';

-- Files a person does not want in the library, although a folder of the library holds them.
create table forgotten_files (
    path text primary key not null,
    at_ms integer not null
) strict, without rowid;

create index models_by_sha256 on models (sha256) where sha256 is not null;

create table connections (
    id integer primary key autoincrement,
    at_ms integer not null,
    purpose text not null,
    method text not null,
    host text not null,
    path text not null,
    status integer,
    received_bytes integer not null default 0,
    duration_ms integer,
    error text
) strict;
