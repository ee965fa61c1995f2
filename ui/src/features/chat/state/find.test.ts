import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageId } from '$/gen/protocol';
import type { ConversationState } from './conversation.svelte';
import { Double, settle } from './double';
import { FindInConversation } from './find.svelte';
import { DEBOUNCE_MS } from './search.svelte';

function started(answer: (query: string) => MessageId[] | Promise<MessageId[]>) {
  const double = new Double({ message_find: ({ query }) => answer(query) });
  const shown: string[] = [];
  const conversation = { id: 'c', reveal: async (id: string) => void shown.push(id) } as unknown as ConversationState;
  const find = new FindInConversation(double, () => conversation);
  const failed = vi.fn();
  const type = async (text: string) => {
    find.type(text, failed);
    vi.advanceTimersByTime(DEBOUNCE_MS);
    await settle();
  };
  return { double, find, shown, type, failed };
}

describe('finding in a conversation', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('shows the newest first and goes round in both directions', async () => {
    const { find, shown, type } = started(() => ['a', 'b', 'c']);
    await type('x');
    expect([find.at, find.found.length]).toEqual([2, 3]);
    await find.move(1);
    await find.move(-1);
    await find.move(-1);
    expect(shown).toEqual(['c', 'a', 'c', 'b']);
  });

  it('drops the answer to other words', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { find, shown, type } = started(async (query) => {
      if (query === 'x') await gate;
      return [query];
    });
    await type('x');
    await type('xy');
    release();
    await settle();
    expect(find.found).toEqual(['xy']);
    expect(shown).toEqual(['xy']);
  });

  it('tells that nothing was found, and asks for no blank', async () => {
    const { find, shown, type, double } = started(() => []);
    await type('x');
    expect([find.answered, find.found]).toEqual([true, []]);
    await find.move(1);
    await type(' ');
    await find.move(1);
    expect(find.answered).toBe(false);
    expect(shown).toEqual([]);
    expect(double.calls).toHaveLength(1);
  });

  it('starts anew after it was closed', async () => {
    const { find, type } = started(() => ['a']);
    find.start();
    await type('x');
    find.close();
    expect([find.open, find.text, find.found]).toEqual([false, '', []]);
  });

  it('says what went wrong', async () => {
    const { double, type, failed } = started(() => []);
    double.answers.message_find = () => {
      throw new Error('no');
    };
    await type('x');
    expect(failed).toHaveBeenCalledOnce();
  });
});
