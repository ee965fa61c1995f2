// @vitest-environment jsdom
/** The chat's search and turns against axe-core; contrast needs a layout and is checked over the tokens. */
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from './ChatPage.svelte';
import ConversationColumn from './ConversationColumn.svelte';
import { sessionOf } from './session';

async function started() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const all = new Sirocco(backend);
  all.start();
  await all.reload();
  return { all, backend, context: siroccoContext(all), user: userEvent.setup() };
}

async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    resultTypes: ['violations'],
    // Parts are rendered without the frame, which has the landmarks.
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}

// Axe draws letters to tell icon fonts; there is nothing to draw on, and there are none.
HTMLCanvasElement.prototype.getContext = () => null;

// A run over a whole page takes seconds on a machine that is busy.
describe('the chat has no violations of axe', { timeout: 60_000 }, () => {
  it('in the results of a search', async () => {
    const { context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(screen.getByRole('searchbox'), 'grapheme');
    await screen.findByRole('list', { name: 'Search results' });
    expect(await violations()).toEqual([]);
  });

  it('in a conversation with a message left out, and in its find bar', async () => {
    const { all, backend, context } = await started();
    await backend.call('message_leave_out', { id: 'c-0-2', left_out: true });
    render(ChatPage, { context });
    all.navigation.openConversation('c-0');
    await screen.findByText('Left out: the model does not see this.');
    sessionOf(all).find.start();
    await screen.findByRole('searchbox', { name: 'Find in this conversation' });
    expect(await violations()).toEqual([]);
  });
});
