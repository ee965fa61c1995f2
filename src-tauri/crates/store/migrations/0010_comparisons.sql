-- Comparisons: one question that several models or presets answer at once.

-- A conversation still has at most one run that has not ended, but for the answers of a comparison:
-- each of them has a lane of its own. All other runs are in lane 0.
alter table runs add column lane integer not null default 0;

drop index runs_unfinished;

create unique index runs_unfinished on runs (conversation_id, lane) where ended_at_ms is null;

create table comparisons (
    id text primary key not null,
    conversation_id text not null references conversations (id),
    question_id text not null unique references messages (id),
    created_at_ms integer not null,
    is_blind integer not null,
    seed integer not null,
    verdict text check (verdict in ('best', 'tie', 'all_bad')),
    -- Set if one answer is the best.
    best_id text references messages (id),
    check ((best_id is not null) = (verdict is 'best'))
) strict;

create index comparisons_by_conversation on comparisons (conversation_id, id);

-- Who answered. A vote outlives the model and the preset it was about, so their ids refer to no
-- table, and their names are kept as they were.
create table compared_answers (
    comparison_id text not null references comparisons (id),
    -- From left to right as it is shown, from 0.
    place integer not null,
    message_id text not null unique references messages (id),
    model_id text not null,
    model_name text not null,
    preset_id text,
    preset_name text,
    memory_bytes integer,
    primary key (comparison_id, place)
) strict;
