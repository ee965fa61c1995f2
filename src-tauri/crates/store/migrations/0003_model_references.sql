-- Forgetting a model sets these to null; without an index each time reads every run.
create index runs_by_model on runs (model_id);
create index conversations_by_model on conversations (model_id);
