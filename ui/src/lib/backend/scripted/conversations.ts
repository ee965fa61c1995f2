/** Conversations of the scripted backend: the shapes of text a transcript must hold. */
import type { Conversation, Message, Role, Run, Statistics } from '$/gen/protocol';
import { NO_VALUES } from '$/lib/layers';
import { NOW } from './models';

const MINUTE = 60_000;
const DAY = 86_400_000;

const TITLES: [string, number][] = [
  ['Reverse a string by grapheme', 4 * MINUTE],
  ['Compare two lease contracts', 50 * MINUTE],
  ['Regex for ISO dates', 3 * 60 * MINUTE],
  ['Trip to Arles: 4 days, no car', DAY],
  ['Why does my borrow outlive the loop in this iterator chain that I wrote last night', DAY + MINUTE],
  ['ملخص تقرير الربع الثالث', 3 * DAY],
  ['Bilan carbone du foyer', 4 * DAY],
  ['Interview questions for a SRE', 9 * DAY],
  ['Chess endgame: king and pawn', 16 * DAY],
  ['Summary of the Q3 report', 75 * DAY],
];

export const ANSWER = `Reversing \`chars()\` splits what people see as one character: an accent that is its own code point ends up on the wrong letter, and a family emoji falls apart. Reverse by **grapheme cluster** instead:

\`\`\`rust
use unicode_segmentation::UnicodeSegmentation;

/// Reverses \`text\` by grapheme cluster, so that "é" and "👩‍🚀" stay whole.
pub fn reverse(text: &str) -> String {
    text.graphemes(true).rev().collect()
}
\`\`\`

| input | \`chars()\` | graphemes |
|---|---|---|
| \`noël\` (with U+0308) | \`l̈eon\` | \`lëon\` |
| \`🇫🇷!\` | \`!🇷🇫\` | \`!🇫🇷\` |

The cost is linear, $O(n)$ in the length of the text. Three things to keep in mind:

1. The crate follows a version of Unicode; new emoji need a newer crate.
2. Graphemes are not *columns*: a wide character takes two.
3. For plain ASCII the naive version is right.
`;

export const STATISTICS: Statistics = {
  prompt_tokens: 214,
  cached_tokens: 180,
  completion_tokens: 212,
  time_to_first_token_ms: 310,
  prefill_tokens_per_second: 142.5,
  decode_tokens_per_second: 18.4,
  stop_reason: 'end_of_turn',
  left_out: null,
  drafted_tokens: 0,
  accepted_tokens: 0,
  shifted_tokens: 0,
  reasoning_ms: null,
};

export interface Stored {
  conversation: Conversation;
  messages: Message[];
}

/** The messages from the first one to the leaf, or to another message. */
export function branchOf({ conversation, messages }: Stored, until: string | null = conversation.head): Message[] {
  const branch: Message[] = [];
  for (let id = until; id; ) {
    const found = messages.find((one) => one.id === id);
    if (!found) break;
    branch.unshift(found);
    id = found.parent_id;
  }
  return branch;
}

export function message(conversation_id: string, id: string, role: Role, content: string, parent: string | null, at: number): Message {
  const run: Run | null =
    role === 'assistant'
      ? {
          id: `run-${id}`,
          conversation_id,
          message_id: id,
          model_id: 'm-coder',
          state: 'completed',
          started_at_ms: at,
          ended_at_ms: at + 12_000,
          statistics: STATISTICS,
          error: null,
          structured_output: null,
        }
      : null;
  return {
    id,
    conversation_id,
    parent_id: parent,
    role,
    content,
    reasoning: null,
    created_at_ms: at,
    model_name: role === 'assistant' ? 'Qwen2.5 Coder 0.5B Instruct' : null,
    run,
    versions: [id],
    left_out: false,
    good: false,
    attachments: [],
    summary: null,
  };
}

export function newConversation(id: string, title: string, at: number): Conversation {
  return {
    summary: { id, title, created_at_ms: at, updated_at_ms: at, pinned: false, running: false, unread: false, folder_id: null, tags: [], archived: false, temporary: false, blind: false },
    model_id: 'm-coder',
    settings: { preset_id: null, values: NO_VALUES },
    draft: '',
    draft_attachments: [],
    queue: [],
    notes: '',
    head: null,
  };
}

export function scriptedConversations(count: number): Map<string, Stored> {
  const stored = new Map<string, Stored>();
  for (let index = 0; index < count; index += 1) {
    const [title, age] = TITLES[index] ?? [`Conversation number ${index + 1}`, (20 + index) * DAY * 0.2];
    const id = `c-${index}`;
    const at = NOW - age;
    const conversation = newConversation(id, title, at);
    const question = message(id, `${id}-1`, 'user', 'Write a Rust function that reverses a string, and tell me what the naive version gets wrong.', null, at - MINUTE);
    const answer = message(id, `${id}-2`, 'assistant', ANSWER, question.id, at);
    conversation.head = answer.id;
    if (index === 3) conversation.summary.pinned = true;
    if (index === 1) conversation.summary.unread = true;
    if (index === 0) {
      const system_prompt = 'You are an experienced Rust engineer. Show code first, then the one trap that matters.';
      conversation.settings = { preset_id: null, values: { ...NO_VALUES, system_prompt } };
      answer.reasoning = 'The user asks about reversing strings. The trap is grapheme clusters, so show that first.';
    }
    stored.set(id, { conversation, messages: [question, answer] });
  }
  return stored;
}
