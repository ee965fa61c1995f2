-- Names that programs gave to models, each with what answers under it begin with.

create table named_models (
    name text primary key not null,
    -- No reference: a name outlives its model, and those who ask for it are told which one is gone.
    model_id text not null,
    -- What the model was called when it got the name.
    model_key text not null,
    system_prompt text,
    parameters text not null,
    -- In tokens.
    context_length integer,
    created_at_ms integer not null
) strict;
