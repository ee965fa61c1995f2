// @vitest-environment jsdom
/** The chat's search and turns against axe-core; contrast needs a layout and is checked over the tokens. */
import { describe, expect, it } from 'vitest';
import { render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { violations } from '$/lib/axe';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { organise } from '$/lib/backend/scripted/organise';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatInspector from './ChatInspector.svelte';
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

// A run over a whole page takes seconds on a machine that is busy.
describe('the chat has no violations of axe', { timeout: 60_000 }, () => {
  it('in the results of a search', async () => {
    const { context, user } = await started();
    render(ConversationColumn, { context });
    await user.type(screen.getByRole('searchbox'), 'grapheme');
    await screen.findByRole('list', { name: 'Search results' });
    expect(await violations()).toEqual([]);
  });

  it('in a list with folders, while rows are selected, and in the notes', async () => {
    const { all, backend, context, user } = await started();
    organise(backend);
    await sessionOf(all).organiser.folders.load();
    render(ConversationColumn, { context });
    const folder = await screen.findByRole('button', { name: /^Work/ });
    await user.click(folder);
    await user.keyboard('{Control>}');
    await user.click(await screen.findByRole('button', { name: /Compare two lease/ }));
    await user.keyboard('{/Control}');
    render(ChatInspector, { context });
    await sessionOf(all).open('c-0');
    await user.click(screen.getByRole('tab', { name: 'Notes' }));
    await screen.findByRole('textbox', { name: 'Notes beside this conversation' });
    expect(await violations()).toEqual([]);
  });

  it('in the trash', async () => {
    const { all, backend, context } = await started();
    organise(backend);
    render(ConversationColumn, { context });
    sessionOf(all).organiser.show({ type: 'trash' });
    await screen.findByRole('button', { name: /^Restore/ });
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
