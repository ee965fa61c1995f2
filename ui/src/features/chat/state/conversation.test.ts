import { describe, expect, it } from 'vitest';
import type { Conversation, Message, MessagePage, PagePlace } from '$/gen/protocol';
import { BackendError } from '$/lib/backend';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { STATISTICS } from '$/lib/backend/scripted/conversations';
import { ConversationState, FIRST_PAGE } from './conversation.svelte';
import { Double, message, run, settle } from './double';

const CONVERSATION = { summary: { id: 'c', title: 'T' }, draft: '', queue: [], head: 'a1' } as unknown as Conversation;

function chain(count: number): Message[] {
  return Array.from({ length: count }, (_, at) => message(`m${at}`, at === 0 ? null : `m${at - 1}`, `text ${at}`));
}

function paged(messages: () => Message[]) {
  return ({ place, limit }: { place?: PagePlace | null; limit: number }): MessagePage => {
    const all = messages();
    const at = (id: string) => {
      const found = all.findIndex((one) => one.id === id);
      if (found < 0) throw new BackendError({ code: 'not_found', message: 'no such message', hint: null, trace_id: '' });
      return found;
    };
    let [start, end] = [Math.max(0, all.length - limit), all.length];
    if (place && 'before' in place) [start, end] = [Math.max(0, at(place.before) - limit), at(place.before)];
    if (place && 'after' in place) [start, end] = [at(place.after) + 1, Math.min(all.length, at(place.after) + 1 + limit)];
    if (place && 'around' in place) {
      end = Math.min(all.length, at(place.around) + 1 + Math.floor(limit / 2));
      start = Math.max(0, end - limit);
    }
    return { messages: all.slice(start, end), has_older: start > 0, has_newer: end < all.length };
  };
}

async function opened(messages: Message[], waits: number[] = []) {
  const shown = { messages };
  const double = new Double({ conversation_get: () => CONVERSATION, message_page: paged(() => shown.messages) });
  const finished: string[] = [];
  let now = 0;
  const state = new ConversationState(double, 'c', {
    now: () => (now += 100),
    wait: async (ms) => void waits.push(ms),
    onFinished: (turn) => finished.push(turn.content),
  });
  await state.load();
  return { state, double, shown, finished };
}

const ids = (state: ConversationState) => state.turns.map((turn) => turn.id);

describe('a run that is followed', () => {
  const live = () => [message('q', null, 'Why?'), message('a1', 'q', '', run('r', 'a1'))];

  it('shows a snapshot, then what is appended, then the message as saved', async () => {
    const { state, double, finished } = await opened(live());
    const stream = double.streams[0];
    stream?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', 'Be', run('r', 'a1')), next: 7 });
    stream?.tell({ type: 'delta', sequence: 7, content: 'cause', reasoning: '' });
    expect(state.last?.content).toBe('Because');
    expect(state.liveTurn?.id).toBe('a1');
    const done = run('r', 'a1', 'completed');
    stream?.tell({ type: 'finished', run: done, message: message('a1', 'q', 'Because.', done) });
    expect(state.last?.content).toBe('Because.');
    expect(state.liveTurn).toBeNull();
    expect(finished).toEqual(['Because.']);
  });

  it('is followed again from a snapshot when a delta is missing', async () => {
    const { state, double } = await opened(live());
    double.streams[0]?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', 'A', run('r', 'a1')), next: 0 });
    double.streams[0]?.tell({ type: 'delta', sequence: 1, content: 'C', reasoning: '' });
    expect(state.last?.content).toBe('A');
    expect(double.streams[0]?.closed).toBe(true);
    await settle();
    expect(double.streams).toHaveLength(2);
    double.streams[1]?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', 'ABC', run('r', 'a1')), next: 2 });
    double.streams[0]?.tell({ type: 'delta', sequence: 0, content: 'late', reasoning: '' });
    expect(state.last?.content).toBe('ABC');
  });

  it('a delta that came twice is taken once', async () => {
    const { state, double } = await opened(live());
    const stream = double.streams[0];
    stream?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', '', run('r', 'a1')), next: 0 });
    stream?.tell({ type: 'delta', sequence: 0, content: 'x', reasoning: '' });
    stream?.tell({ type: 'delta', sequence: 0, content: 'x', reasoning: '' });
    expect(state.last?.content).toBe('x');
  });

  it('is followed again after a break, more slowly each time', async () => {
    const waits: number[] = [];
    const { double } = await opened(live(), waits);
    const broken = new BackendError({ code: 'network', message: 'gone', hint: null, trace_id: '' });
    for (let i = 0; i < 4; i++) {
      double.streams[i]?.fail(broken);
      await settle();
    }
    expect(double.streams).toHaveLength(5);
    expect(waits).toEqual([250, 500, 1000, 2000]);
  });

  it('that is not known any more is not asked for for ever', async () => {
    const { state, double, shown } = await opened(live());
    shown.messages = [message('q', null, 'Why?'), message('a1', 'q', 'Kept', run('r', 'a1', 'interrupted'))];
    double.streams[0]?.fail(new BackendError({ code: 'not_found', message: 'no such run', hint: null, trace_id: '' }));
    await settle();
    expect(double.streams).toHaveLength(1);
    expect(state.last?.content).toBe('Kept');
    expect(state.liveTurn).toBeNull();
  });

  it('keeps its words when a page with older ones comes', async () => {
    const { state, double } = await opened(live());
    double.streams[0]?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', 'A long answer', run('r', 'a1')), next: 0 });
    await state.refresh();
    expect(state.last?.content).toBe('A long answer');
    expect(double.streams).toHaveLength(1);
  });

  it('is left alone when another branch is shown', async () => {
    const { state, double, shown } = await opened(live());
    shown.messages = [message('q2', null, 'Else')];
    await state.refresh();
    expect(double.streams[0]?.closed).toBe(true);
    expect(ids(state)).toEqual(['q2']);
  });

  it('tells how long the model thought', async () => {
    const { state, double } = await opened(live());
    const stream = double.streams[0];
    stream?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', '', run('r', 'a1')), next: 0 });
    stream?.tell({ type: 'delta', sequence: 0, content: '', reasoning: 'Hm' });
    expect(state.last?.thinking).toBe(true);
    stream?.tell({ type: 'delta', sequence: 1, content: 'Yes', reasoning: '' });
    expect(state.last?.thinking).toBe(false);
    expect(state.last?.thought_ms).toBe(100);
  });

  it('still tells it once it is only kept', async () => {
    const ended = run('r', 'a1', 'completed');
    const statistics = { ...STATISTICS, reasoning_ms: 12_000 };
    const { state } = await opened([message('q', null, 'Why?'), message('a1', 'q', 'Yes', { ...ended, statistics })]);
    expect(state.last?.thought_ms).toBe(12_000);
  });

  it('shows what it waits for until the first word', async () => {
    const { state, double } = await opened(live());
    const stream = double.streams[0];
    stream?.tell({ type: 'waiting', load_progress: 0.42, ahead: 0 });
    expect(state.last?.progress).toEqual({ type: 'waiting', load_progress: 0.42, ahead: 0 });
    stream?.tell({ type: 'snapshot', run: run('r', 'a1'), message: message('a1', 'q', '', run('r', 'a1')), next: 0 });
    stream?.tell({ type: 'prefill', done: 5, total: 10 });
    expect(state.last?.progress?.type).toBe('prefill');
    stream?.tell({ type: 'delta', sequence: 0, content: 'x', reasoning: '' });
    expect(state.last?.progress).toBeNull();
  });

  it('is not followed after the conversation is closed', async () => {
    const { state, double } = await opened(live());
    state.dispose();
    await settle();
    expect(double.streams[0]?.closed).toBe(true);
    expect(double.streams).toHaveLength(1);
  });
});

describe('pages', () => {
  it('older turns come before the ones shown', async () => {
    const { state } = await opened(chain(150));
    expect(state.turns).toHaveLength(FIRST_PAGE);
    expect(state.hasOlder).toBe(true);
    await state.loadOlder();
    await state.loadOlder();
    await state.loadOlder();
    expect(ids(state)).toEqual(chain(150).map((one) => one.id));
    expect(state.hasOlder).toBe(false);
  });

  it('what is far before the end is let go of, and fetched again', async () => {
    const { state } = await opened(chain(150));
    await state.loadOlder();
    const [first] = state.turns;
    state.letGoOlder(state.turns.length - 6);
    expect(state.turns).toHaveLength(6);
    await state.refresh();
    expect(state.turns).toHaveLength(6);
    expect(state.last?.id).toBe(chain(150).at(-1)?.id);
    expect(state.hasOlder).toBe(true);
    await state.loadOlder();
    await state.loadOlder();
    expect(ids(state)).toContain(first?.id);

    const few = await opened(chain(12));
    few.state.letGoOlder(3);
    expect(few.state.turns).toHaveLength(12);
    expect(few.state.hasOlder).toBe(false);
  });

  it('a new end of the branch keeps the older turns and their identity', async () => {
    const { state, shown } = await opened(chain(100));
    await state.loadOlder();
    await state.loadOlder();
    const [first] = state.turns;
    shown.messages = chain(102);
    await state.refresh();
    expect(state.turns).toHaveLength(102);
    expect(state.turns[0]).toBe(first);
  });

  it('another branch replaces what is not part of it', async () => {
    const { state, shown } = await opened(chain(4));
    const kept = state.turns[1];
    shown.messages = [...chain(2), message('other', 'm1', 'Other')];
    await state.refresh();
    expect(ids(state)).toEqual(['m0', 'm1', 'other']);
    expect(state.turns[1]).toBe(kept);
  });

  it('an answer that came too late is not shown', async () => {
    const { state, double, shown } = await opened(chain(2));
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const plain = double.answers.message_page;
    let first = true;
    double.answers.message_page = async (request) => {
      const answer = await plain?.(request);
      if (first) {
        first = false;
        await gate;
      }
      return answer as MessagePage;
    };
    const one = state.refresh();
    shown.messages = chain(3);
    const two = state.refresh();
    release();
    await Promise.all([one, two]);
    expect(ids(state)).toEqual(['m0', 'm1', 'm2']);
  });
});

describe('a message far above the end', () => {
  it('has what is put behind it there, and can be left out', async () => {
    const { state, double, shown } = await opened(chain(150));
    for (let pages = 1; pages <= 3; pages++) await state.loadOlder();
    double.answers.message_insert = ({ after, content }) => {
      const put = message('put', after ?? null, content);
      shown.messages = chain(150).flatMap((one) => (one.id === after ? [one, put] : one.parent_id === after ? { ...one, parent_id: 'put' } : one));
      return put;
    };
    await state.insert('m10', 'user', 'between');
    expect(ids(state).slice(9, 13)).toEqual(['m9', 'm10', 'put', 'm11']);
    expect(state.turns).toHaveLength(151);

    double.answers.message_leave_out = () => message('put', 'm10', 'between');
    await state.leaveOut('put', true);
    expect(state.turns[11]?.message.left_out).toBe(true);
  });
});

describe('a message that is to be shown', () => {
  const names = (from: number, to: number) => chain(to).slice(from).map((one) => one.id);

  it('is among the turns already, or comes with those around it', async () => {
    const { state, double } = await opened(chain(500));
    const asked = () => double.calls.filter(([command]) => command === 'message_page').length;
    await state.reveal('m480');
    expect(asked()).toBe(1);
    expect(state.revealed).toEqual({ id: 'm480' });
    await state.reveal('m100');
    expect(ids(state)).toEqual(names(71, 131));
    expect([state.hasOlder, state.hasNewer]).toEqual([true, true]);
    expect(state.revealed).toEqual({ id: 'm100' });
  });

  it('comes at once when its conversation is opened', async () => {
    const double = new Double({ conversation_get: () => CONVERSATION, message_page: paged(() => chain(500)) });
    const state = new ConversationState(double, 'c');
    await state.load('m250');
    expect(ids(state)).toContain('m250');
    expect(double.calls.filter(([command]) => command === 'message_page')).toHaveLength(1);
  });

  it('is reached from there in both directions, up to the end', async () => {
    const { state } = await opened(chain(200));
    await state.reveal('m60');
    await state.loadOlder();
    await state.loadNewer();
    await state.loadNewer();
    expect(ids(state)).toEqual(names(0, 200).slice(0, state.turns.length));
    await state.loadNewer();
    expect(state.hasNewer).toBe(false);
    expect(ids(state)).toEqual(names(0, 200));
  });

  it('stays in view when something changes, until the end is wanted', async () => {
    const { state, shown } = await opened(chain(500));
    await state.reveal('m100');
    shown.messages = chain(502);
    await state.refresh();
    expect(ids(state)).toContain('m100');
    expect(state.hasNewer).toBe(true);
    await state.toEnd();
    expect(state.last?.id).toBe('m501');
    expect(state.hasNewer).toBe(false);
  });

  it('gives way to the end when the branch does not go there any more', async () => {
    const { state, shown } = await opened(chain(500));
    await state.reveal('m100');
    shown.messages = [message('q', null, 'Else')];
    await state.refresh();
    expect(ids(state)).toEqual(['q']);
    expect(state.hasNewer).toBe(false);
  });

  it('of another branch is selected first', async () => {
    const { state, double, shown } = await opened(chain(4));
    double.answers.message_select = () => {
      shown.messages = [...chain(2), message('other', 'm1', 'Other')];
      return CONVERSATION;
    };
    await state.reveal('other');
    expect(ids(state)).toEqual(['m0', 'm1', 'other']);
  });

  it('that is gone leaves the end, and is told', async () => {
    const double = new Double({ conversation_get: () => CONVERSATION, message_page: paged(() => chain(3)) });
    const state = new ConversationState(double, 'c');
    double.answers.message_select = () => {
      throw new BackendError({ code: 'not_found', message: 'no such message', hint: null, trace_id: '' });
    };
    await expect(state.load('gone')).rejects.toMatchObject({ code: 'not_found' });
    expect(ids(state)).toEqual(['m0', 'm1', 'm2']);
    expect(state.state.type).toBe('ready');
  });
});

describe('with the scripted backend', () => {
  it('a sent message is answered to the end', async () => {
    const backend = new ScriptedBackend({ loaded: ['m-coder'] });
    let ended = () => {};
    const end = new Promise<void>((resolve) => (ended = resolve));
    const state = new ConversationState(backend, null, { onFinished: () => ended() });
    backend.events((event) => state.handle(event));
    await state.create('m-coder');
    await state.send('Hello');
    expect(state.turns.map((turn) => turn.message.role)).toEqual(['user', 'assistant']);
    await end;
    expect(state.liveTurn).toBeNull();
    expect(state.last?.content.length).toBeGreaterThan(500);
    expect(state.last?.run?.statistics?.stop_reason).toBe('end_of_turn');
  });

  it('a refused load is told', async () => {
    const backend = new ScriptedBackend();
    backend.fail('conversation_get', { message: 'the file is locked' });
    const state = new ConversationState(backend, 'c-0');
    await state.load();
    expect(state.state).toMatchObject({ type: 'failed' });
  });
});
