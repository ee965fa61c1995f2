import { render, screen, waitFor } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';

const CONTESTANTS = [
  { model_id: 'm-coder', preset_id: null },
  { model_id: 'm-llama', preset_id: null },
];

async function compared(is_blind: boolean) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const comparison = await backend.call('comparison_start', { conversation_id: null, content: 'Why?', contestants: CONTESTANTS, is_blind, seed: null });
  state.navigation.openConversation(comparison.conversation_id);
  const modelPicker = createRawSnippet(() => ({ render: () => '<b>the picker</b>' }));
  render(ChatPage, { props: { modelPicker }, context: siroccoContext(state) });
  await screen.findAllByText('Why?');
  return { backend, state, comparison };
}

describe('the chat page of a blind comparison', () => {
  it('names no model until the vote, and then does', async () => {
    const { backend, state, comparison } = await compared(true);
    expect(await screen.findByText('Models are hidden until the vote')).toBeTruthy();
    expect(screen.queryByText('the picker')).toBeNull();
    expect(screen.queryByRole('article', { name: /Qwen|Llama/ })).toBeNull();
    expect(state.hidesModels).toBe(true);
    await backend.call('comparison_vote', { id: comparison.id, verdict: { type: 'tie' } });
    expect(await screen.findByText('the picker')).toBeTruthy();
    await waitFor(() => expect(screen.queryByText('Models are hidden until the vote')).toBeNull());
    expect(state.hidesModels).toBe(false);
  });

  it('that is not blind names them as ever', async () => {
    const { state } = await compared(false);
    expect(await screen.findByText('the picker')).toBeTruthy();
    expect(state.hidesModels).toBe(false);
  });
});
