/** What goes to the model in the scripted backend: four characters are a token. */
import type { ContextPart, ContextUse, Message } from '$/gen/protocol';
import { branchOf, type Stored } from './conversations';
import { entry, refusal, type Handlers, type ScriptedHost } from './host';

const CONTEXT_LENGTH = 8192;
const RESERVED = 2048;

const tokensOf = (text: string) => Math.ceil(text.length / 4);

export function contextHandlers(host: ScriptedHost): Pick<Handlers, 'context_count' | 'context_count_new' | 'context_inspect'> {
  const stored = (id: string) => entry(host.stored, id, 'conversation');

  function counted(before: string[], draft: string, attachments: string[], left_out: number): ContextUse {
    const texts = [...before, draft];
    const items = attachments.map((id) => entry(host.attached, id, 'attachment'));
    // An image is 256 tokens, to those who see it.
    const attached = items.map(({ attachment, text }) => (attachment.kind === 'image' ? 'x'.repeat(4 * 256) : text));
    return {
      prompt_tokens: tokensOf([...texts, ...attached].join('')),
      draft_tokens: tokensOf(draft),
      context_length: CONTEXT_LENGTH,
      left_out,
      attachment_tokens: attached.map(tokensOf),
    };
  }

  return {
    context_count: ({ conversation_id, draft, attachments }) => {
      const { sent, left_out, system_prompt } = fitted(stored(conversation_id), draft);
      return counted([system_prompt, ...sent.map((one) => one.content)], draft, attachments, left_out.length);
    },

    context_count_new: ({ model_id, values, draft, attachments }) => {
      if (!host.loaded.has(model_id)) throw refusal('no_model', 'the model of this conversation is not loaded');
      return counted([values.system_prompt ?? host.settings.default_system_prompt], draft, attachments, 0);
    },

    context_inspect: ({ conversation_id, draft, answer }) => {
      if (host.loaded.size === 0) {
        throw refusal('no_model', 'the model of this conversation is not loaded');
      }
      const of = stored(conversation_id);
      const written = answer ? '' : draft;
      const { branch, sent, left_out, system_prompt, overflow } = fitted(of, written, answer ?? null);
      const parts: ContextPart[] = branch.map((one) => ({
        kind: { type: 'message', id: one.id, role: one.role },
        excerpt: one.content.slice(0, 160),
        tokens: tokensOf(one.content),
        left_out: sent.includes(one) ? null : left_out.includes(one) ? 'no_room' : 'person',
      }));
      if (system_prompt) parts.unshift({ kind: { type: 'system_prompt' }, excerpt: system_prompt.slice(0, 160), tokens: tokensOf(system_prompt), left_out: null });
      if (written.trim()) parts.push({ kind: { type: 'draft' }, excerpt: written.slice(0, 160), tokens: tokensOf(written), left_out: null });
      const of_parts = parts.reduce((sum, part) => sum + (part.left_out ? 0 : part.tokens), 0);
      const template_tokens = 4 * parts.length;
      const said = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
      return {
        parts,
        text: [
          system_prompt && said('system', system_prompt),
          ...sent.map((one) => said(one.role, one.content)),
          written.trim() && said('user', written),
          '<|im_start|>assistant\n',
        ].join(''),
        prompt_tokens: of_parts + template_tokens,
        template_tokens,
        reserved_tokens: overflow === 'stop' ? 1 : RESERVED,
        context_length: CONTEXT_LENGTH,
        overflow,
        too_long: of_parts + template_tokens > CONTEXT_LENGTH ? `the prompt takes ${of_parts} tokens, and ${CONTEXT_LENGTH} are free` : null,
        as_sent: answer != null,
      };
    },
  };
}

function fitted(stored: Stored, draft: string, answer: string | null = null) {
  const { values } = stored.conversation.settings;
  const overflow = values.parameters.context_overflow ?? 'stop';
  const system_prompt = values.system_prompt ?? '';
  const shown = branchOf(stored);
  const end = shown.findIndex((one) => one.id === answer);
  const branch = end < 0 ? shown : shown.slice(0, end);
  const sent = branch.filter((one) => !one.left_out && one.content !== '');
  const left_out: Message[] = [];
  const length = () => tokensOf([system_prompt, draft, ...sent.map((one) => one.content)].join(''));
  while (overflow !== 'stop' && sent.length > 1 && length() > CONTEXT_LENGTH - RESERVED) {
    left_out.push(...sent.splice(overflow === 'keep_first' ? 2 : 0, 2));
  }
  return { branch, sent, left_out, system_prompt, overflow };
}
