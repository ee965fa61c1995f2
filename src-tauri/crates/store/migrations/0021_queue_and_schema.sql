-- Messages that wait for the end of an answer: a list of objects with `id`, `content` and the ids of `attachments`, in
-- the order they will be sent. They are few, and are read and written together with their conversation.
alter table conversations add column queue text not null default '[]';

-- The JSON schema that the answer of a run was held to, as it was then.
alter table runs add column structured_output text;
