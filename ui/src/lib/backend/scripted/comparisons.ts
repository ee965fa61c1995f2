/** Comparisons of the scripted backend: all contestants answer at once, and every vote counts as the real ones do. */
import type { Comparison, ComparedAnswer, NamedContestant, Rating } from '$/gen/protocol';
import { message, newConversation, type Stored } from './conversations';
import { entry, missing, refusal, type Handlers, type ScriptedHost } from './host';

/** A comparison with what its answers are called, however much of it is shown. */
interface Kept {
  comparison: Comparison;
  names: NamedContestant[];
}

const MEMORY = 1.2 * 1024 ** 3;

export function comparisonHandlers(host: ScriptedHost) {
  const kept = new Map<string, Kept>();

  const shown = ({ comparison, names }: Kept): Comparison => {
    const hides = comparison.is_blind && comparison.verdict === null;
    const { messages } = entry(host.stored, comparison.conversation_id, 'conversation');
    const answers = comparison.answers.map((answer, place): ComparedAnswer => {
      const now = messages.find((one) => one.id === answer.message.id) ?? answer.message;
      const contestant = names[place] ?? null;
      if (hides) return { message: { ...now, model_name: null, run: now.run && { ...now.run, model_id: null } }, contestant: null, memory_bytes: null };
      return { message: now, contestant, memory_bytes: now.run?.state === 'completed' ? MEMORY * (place + 1) : null };
    });
    return { ...comparison, answers };
  };

  const conversationOf = (id: string | null | undefined): Stored => {
    if (id) return entry(host.stored, id, 'conversation');
    const conversation = newConversation(host.id('c-compared'), 'New conversation', Date.now());
    const stored = { conversation, messages: [] };
    host.stored.set(conversation.summary.id, stored);
    return stored;
  };

  const ratings = (): Rating[] => {
    const table = new Map<string, Rating>();
    for (const { comparison, names } of kept.values()) {
      const { verdict } = comparison;
      if (!verdict) continue;
      names.forEach((contestant, place) => {
        const key = `${contestant.model_id} ${contestant.preset_id}`;
        const line = table.get(key) ?? { contestant, games: 0, wins: 0, ties: 0, losses: 0, rating: 1000 };
        line.games += 1;
        if (verdict.type !== 'best') line.ties += 1;
        else if (comparison.answers[place]?.message.id === verdict.message_id) line.wins += 1;
        else line.losses += 1;
        line.rating = 1000 + 60 * (line.wins - line.losses);
        table.set(key, line);
      });
    }
    return [...table.values()].sort((a, b) => b.rating - a.rating);
  };

  return {
    comparison_start: ({ conversation_id, content, contestants, is_blind, seed }) => {
      const stored = conversationOf(conversation_id);
      const { conversation, messages } = stored;
      const id = conversation.summary.id;
      if (conversation.summary.running) throw refusal('conflict', 'an answer is being written in this conversation', 'wait for it or stop it');
      const question = message(id, host.id('msg'), 'user', content, conversation.head, Date.now());
      messages.push(question);
      if (messages.length === 1) conversation.summary.title = content.slice(0, 60);
      const names = contestants.map(({ model_id, preset_id }): NamedContestant => {
        const preset = host.presetName(preset_id ?? null);
        return { model_id, preset_id: preset_id ?? null, model_name: entry(host.models, model_id, 'model').name, preset_name: preset };
      });
      const answers = names.map(({ model_id, model_name }): ComparedAnswer => {
        const { assistant_message } = host.answer(conversation, question.id);
        assistant_message.model_name = is_blind ? null : model_name;
        if (assistant_message.run) assistant_message.run.model_id = is_blind ? null : model_id;
        return { message: assistant_message, contestant: null, memory_bytes: null };
      });
      conversation.head = answers[0]?.message.id ?? null;
      conversation.summary.blind = is_blind;
      host.emit({ type: 'conversation_changed', conversation: conversation.summary });
      const comparison: Comparison = {
        id: host.id('compared'),
        conversation_id: id,
        question,
        created_at_ms: Date.now(),
        is_blind,
        seed: seed ?? 1_234_567_890,
        verdict: null,
        answers,
      };
      kept.set(comparison.id, { comparison, names });
      return shown({ comparison, names });
    },
    comparison_get: ({ id }) => shown(entry(kept, id, 'comparison')),
    comparison_latest: ({ conversation_id }) => {
      const latest = [...kept.values()].findLast(({ comparison }) => comparison.conversation_id === conversation_id);
      return latest ? shown(latest) : null;
    },
    comparison_vote: ({ id, verdict }) => {
      const one = entry(kept, id, 'comparison');
      if (one.comparison.verdict) throw refusal('conflict', 'this comparison has its vote already');
      one.comparison.verdict = verdict;
      const { conversation, messages } = entry(host.stored, one.comparison.conversation_id, 'conversation');
      if (verdict.type === 'best') conversation.head = verdict.message_id;
      one.comparison.answers.forEach((answer, place) => {
        const found = messages.find((other) => other.id === answer.message.id);
        if (found) found.model_name = one.names[place]?.model_name ?? null;
      });
      conversation.summary.blind = false;
      host.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head: conversation.head });
      host.emit({ type: 'conversation_changed', conversation: conversation.summary });
      host.emit({ type: 'comparison_changed', comparison: shown(one) });
      return shown(one);
    },
    comparison_keep: ({ id, message_id }) => {
      const { comparison } = entry(kept, id, 'comparison');
      if (!comparison.answers.some((answer) => answer.message.id === message_id)) throw missing('answer');
      const { conversation } = entry(host.stored, comparison.conversation_id, 'conversation');
      conversation.head = message_id;
      host.emit({ type: 'messages_changed', conversation_id: conversation.summary.id, head: message_id });
      return conversation;
    },
    rating_list: ratings,
    comparison_export: ({ format, target }) => {
      const name = `Sirocco comparisons.${format === 'json' ? 'json' : 'csv'}`;
      if (target === 'ask') return { type: 'saved', path: `/home/ada/${name}`, conversation_count: kept.size, left_out_count: 0 };
      return { type: 'text', name, media_type: 'text/csv', conversation_count: kept.size, left_out_count: 0, text: 'rank,model\r\n' };
    },
  } satisfies Partial<Handlers>;
}
