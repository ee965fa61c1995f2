import { fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '$/gen/protocol';
import { APPEARANCE_STANDARD } from '$/lib/appearance';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { message } from '$/lib/backend/scripted/conversations';
import { Sirocco, siroccoContext } from '$/lib/state';
import Reasoning from './Reasoning.svelte';
import { PAGE_TIME } from './state/runFollow';
import { Turn } from './state/turn.svelte';

/** An answer that is being written. */
function writing(): Message {
  const answer = message('c', 'a', 'assistant', '', null, 1);
  if (answer.run) answer.run = { ...answer.run, state: 'generating', ended_at_ms: null, statistics: null };
  return answer;
}

async function shown(turn: Turn, reasoning_open = false) {
  const state = new Sirocco(new ScriptedBackend({ settings: { appearance: { ...APPEARANCE_STANDARD, reasoning_open } } }));
  await state.reload();
  render(Reasoning, { props: { turn }, context: siroccoContext(state) });
  const button = screen.getByRole('button');
  return { button, open: () => button.getAttribute('aria-expanded') === 'true' };
}

describe('what a model thinks', () => {
  let now_ms = 0;
  beforeEach(() => {
    now_ms = 0;
    vi.useFakeTimers();
    vi.spyOn(PAGE_TIME, 'now').mockImplementation(() => now_ms);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = async (ms: number) => {
    now_ms += ms;
    await vi.advanceTimersByTimeAsync(ms);
    await tick();
  };

  it('is folded while it thinks, with the time that runs, and says how long it took', async () => {
    const turn = new Turn(writing());
    turn.append('', 'Hm, the wind.', PAGE_TIME.now());
    const { button, open } = await shown(turn);
    expect(open()).toBe(false);
    expect(button.textContent?.trim()).toBe('Thinking…');
    await pass(5_000);
    expect(button.textContent?.replace(/\s+/gu, ' ').trim()).toBe('Thinking… 5 s');
    expect(screen.queryByText('Hm, the wind.')).toBeNull();
    turn.append('The sirocco.', '', PAGE_TIME.now());
    await pass(60_000);
    expect(button.textContent?.trim()).toBe('Thought for 5.0 s');
    expect(open()).toBe(false);
  });

  it('stays as the reader has it, when the answer begins too', async () => {
    const turn = new Turn(writing());
    turn.append('', 'Hm, the wind.', PAGE_TIME.now());
    const { button, open } = await shown(turn);
    await fireEvent.click(button);
    expect(screen.getByText('Hm, the wind.')).toBeTruthy();
    turn.append('The sirocco.', '', PAGE_TIME.now());
    await pass(1_000);
    expect(open()).toBe(true);
  });

  it('is open where the settings say so, until it is folded', async () => {
    const turn = new Turn({ ...message('c', 'a', 'assistant', 'The sirocco.', null, 1), reasoning: 'Hm, the wind.' });
    const { button, open } = await shown(turn, true);
    expect(open()).toBe(true);
    expect(button.textContent?.trim()).toBe('Thought');
    await fireEvent.click(button);
    expect(open()).toBe(false);
  });
});
