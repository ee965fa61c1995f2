import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Draft } from './draft.svelte';

describe('a draft', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is kept once, a moment after the last change', async () => {
    const saved: string[] = [];
    const draft = new Draft({ save: async (text) => void saved.push(text), delay_ms: 100 });
    draft.change('a');
    await vi.advanceTimersByTimeAsync(60);
    draft.change('ab');
    await vi.advanceTimersByTimeAsync(60);
    expect(saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(60);
    expect(saved).toEqual(['ab']);
  });

  it('is kept at once when the conversation is left', async () => {
    const saved: string[] = [];
    const draft = new Draft({ save: async (text) => void saved.push(text) });
    draft.change('half a thou');
    await draft.flush();
    expect(saved).toEqual(['half a thou']);
  });

  it('that is kept already is not kept again', async () => {
    const save = vi.fn(async () => {});
    const draft = new Draft({ save });
    draft.start('old');
    await draft.flush();
    expect(save).not.toHaveBeenCalled();
  });

  it('that could not be kept is tried again', async () => {
    const saved: string[] = [];
    let broken = true;
    const draft = new Draft({
      save: async (text) => {
        if (broken) throw new Error('gone');
        saved.push(text);
      },
    });
    draft.change('text');
    await draft.flush();
    broken = false;
    await draft.flush();
    expect(saved).toEqual(['text']);
  });
});
