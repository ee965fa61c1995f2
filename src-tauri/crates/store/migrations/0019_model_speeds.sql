-- How fast models were on this machine; of each runtime and length of prompt the last one counts.
create table model_speeds (
    model_id text not null references models (id) on delete cascade,
    runtime text not null,
    -- The worker's own words: engine, version, what it ran on.
    engine text not null,
    cpu text not null,
    threads integer not null,
    prompt_tokens integer not null,
    generate_tokens integer not null,
    prefill_per_second real not null,
    decode_per_second real not null,
    load_ms real not null,
    peak_memory_bytes integer,
    measured_at_ms integer not null
) strict;

create index model_speeds_by_model on model_speeds (model_id, runtime, prompt_tokens, measured_at_ms);
