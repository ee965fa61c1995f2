import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { branchOf } from '$/lib/backend/scripted/conversations';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatInspector from '../ChatInspector.svelte';
import { sessionOf } from '../session';
import { ContextInspection } from '../state/contextInspection.svelte';

async function started(loaded = ['m-coder']) {
  const backend = new ScriptedBackend({ loaded });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const chat = sessionOf(state);
  const first = [...backend.stored.keys()][1] ?? '';
  await chat.open(first);
  const stored = backend.stored.get(first);
  if (!stored) throw new Error('the scripted backend has conversations');
  const inspected = () => backend.calls.filter((call) => call.command === 'context_inspect');
  return { backend, state, chat, stored, inspected, context: siroccoContext(state) };
}

async function panel(loaded?: string[]) {
  const all = await started(loaded);
  render(ChatInspector, { context: all.context });
  await fireEvent.click(screen.getByRole('tab', { name: 'Context' }));
  return all;
}

describe('the inspector', () => {
  it('shows one panel at a time, and the arrows go between them', async () => {
    await started().then(({ context }) => render(ChatInspector, { context }));
    expect(screen.getByRole('tab', { name: 'Parameters' }).getAttribute('aria-selected')).toBe('true');
    await fireEvent.keyDown(screen.getByRole('tab', { name: 'Parameters' }), { key: 'ArrowRight' });
    const tab = screen.getByRole('tab', { name: 'Context' });
    expect([tab.getAttribute('aria-selected'), document.activeElement]).toEqual(['true', tab]);
    expect(screen.getByRole('tabpanel', { name: 'Context' })).toBeTruthy();
    expect(screen.queryByRole('region', { name: 'Parameters' })).toBeNull();
  });
});

describe('the context', () => {
  it('shows what is sent with its tokens, and the exact prompt', async () => {
    const { stored } = await panel();
    const parts = await screen.findByRole('list');
    const first = branchOf(stored)[0];
    expect(within(parts).getAllByText('You').length).toBeGreaterThan(0);
    expect(within(parts).getByText('Chat template')).toBeTruthy();
    await fireEvent.click(screen.getByText('The exact prompt'));
    const exact = await screen.findByLabelText('The exact prompt');
    await waitFor(() => expect(exact.textContent).toContain(`<|im_start|>user\n${first?.content}`));
  });

  it('says what is left out, and why', async () => {
    const { stored, context } = await started();
    const [question] = branchOf(stored);
    if (question) question.left_out = true;
    render(ChatInspector, { context });
    await fireEvent.click(screen.getByRole('tab', { name: 'Context' }));
    expect(await screen.findByText('Left out by you')).toBeTruthy();
  });

  it('lets older turns be left out when there is no room for them, and takes that back', async () => {
    const { chat, stored } = await panel();
    await screen.findByRole('list');
    for (const one of branchOf(stored)) one.content = 'rain '.repeat(8000);
    await waitFor(() => expect(chat.overflow).toBe('stop'));
    await chat.changeOverflow('drop_oldest');
    expect(stored.conversation.settings.values.parameters.context_overflow).toBe('drop_oldest');
    expect((await screen.findAllByText('Left out: no room')).length).toBeGreaterThan(0);
    await fireEvent.click(screen.getByRole('button', { name: 'Reset When the context is full to Stop and say so (default)' }));
    await waitFor(() => expect(stored.conversation.settings.values.parameters.context_overflow).toBeNull());
    expect(await screen.findByText(/^Too long: /)).toBeTruthy();
  });

  it('shows the prompt of the last answer', async () => {
    const { stored, inspected } = await panel();
    await screen.findByRole('list');
    await fireEvent.click(screen.getByRole('tab', { name: 'Last answer' }));
    expect(await screen.findByText('As it was sent.')).toBeTruthy();
    const last = branchOf(stored).findLast((one) => one.role === 'assistant');
    expect(inspected().at(-1)?.request).toMatchObject({ answer: last?.id });
  });

  it('asks for a model that is loaded', async () => {
    const { inspected } = await panel([]);
    expect(await screen.findByText('The model is not loaded')).toBeTruthy();
    expect(screen.getByRole('button', { name: /^Load / })).toBeTruthy();
    expect(inspected()).toEqual([]);
  });
});

describe('asking what is in the context', () => {
  it('keeps the last question only, and forgets what another chat had', async () => {
    vi.useFakeTimers();
    const backend = new ScriptedBackend({ loaded: ['m-coder'] });
    const [one = '', other = ''] = [...backend.stored.keys()];
    const inspection = new ContextInspection(backend, 10);
    inspection.ask({ conversation_id: one, draft: 'a', attachments: [], answer: null });
    inspection.ask({ conversation_id: one, draft: 'ab', attachments: [], answer: null });
    await vi.advanceTimersByTimeAsync(20);
    expect(backend.calls.map((call) => call.request)).toEqual([{ conversation_id: one, draft: 'ab', attachments: [], answer: null }]);
    expect(inspection.report).not.toBeNull();
    inspection.ask({ conversation_id: other, draft: '', attachments: [], answer: null });
    expect(inspection.report).toBeNull();
    backend.fail('context_inspect', { message: 'the template refuses this' });
    await vi.advanceTimersByTimeAsync(20);
    expect(inspection.problem?.message).toBe('the template refuses this');
    vi.useRealTimers();
  });
});
