-- Presets, the prompt library, and settings of conversations that fall through to the layers below.

-- Deleted ones stay: conversations based on a preset keep its values.
create table presets (
    id text primary key not null,
    name text not null check (name <> ''),
    created_at_ms integer not null,
    updated_at_ms integer not null,
    deleted_at_ms integer,
    parameters text not null,
    -- Null if the preset sets none.
    system_prompt text
) strict;

create table prompts (
    id text primary key not null,
    title text not null check (title <> ''),
    created_at_ms integer not null,
    updated_at_ms integer not null,
    deleted_at_ms integer,
    text text not null
) strict;

alter table conversations add column preset_id text references presets (id);
-- 0: the system prompt is that of the layers below, and the column `system_prompt` is empty.
alter table conversations add column system_prompt_is_own integer not null default 1;

-- Until now the defaults were copied into a conversation when it was made. What it leaves open falls
-- through to them from now on. Where they would change something now, conversations keep what they
-- have: the default of the engine is written down. (A seed cannot say "a fresh one"; a limit of a
-- million tokens is none.)
update conversations
set parameters = json_patch(parameters, (
    select json_group_object(engine.key, engine.value)
    from json_each('{"temperature":0.7,"top_k":40,"top_p":0.95,"min_p":0.05,"typical_p":1.0,
            "xtc_probability":0.0,"xtc_threshold":0.1,"dry_multiplier":0.0,"dry_base":1.75,
            "dry_allowed_length":2,"repeat_penalty":1.0,"repeat_last_n":64,"presence_penalty":0.0,
            "frequency_penalty":0.0,"max_tokens":1000000}') engine,
        (
            select iif(json_valid(value), value, '{}') as fields
            from settings where key = 'default_parameters'
        ) general
    where json_extract(general.fields, '$.' || engine.key) is not null
        and json_extract(conversations.parameters, '$.' || engine.key) is null
));

-- An empty list said that there are no stop strings; now it would hide those of the defaults.
update conversations
set parameters = json_remove(parameters, '$.stop')
where json_extract(parameters, '$.stop') = '[]'
    and not exists (
        select 1 from settings
        where key = 'default_parameters'
            and json_array_length(iif(json_valid(value), value, '{}'), '$.stop') > 0
    );
update settings
set value = json_remove(value, '$.stop')
where key = 'default_parameters'
    and json_array_length(iif(json_valid(value), value, '{}'), '$.stop') = 0;

update conversations
set system_prompt_is_own = 0
where system_prompt = ''
    and not exists (
        select 1 from settings where key = 'default_system_prompt' and value <> '""'
    );
