import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from './ChatPage.svelte';
import ConversationColumn from './ConversationColumn.svelte';

async function opened() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const context = siroccoContext(state);
  render(ChatPage, { context });
  state.navigation.openConversation('c-0');
  await waitFor(() => expect(turns()).toHaveLength(2));
  return { backend, state, context, user: userEvent.setup() };
}

const turns = () => screen.queryAllByRole('article');
const [QUESTION, ANSWER] = [0, 1];

/** A turn that must be there. */
function turn(at: number): HTMLElement {
  const found = turns()[at];
  if (!found) throw new Error(`there is no turn ${at}`);
  return found;
}

type User = ReturnType<typeof userEvent.setup>;

async function choose(user: User, at: number, item: string, button = 'More for this message') {
  await user.click(within(turn(at)).getByRole('button', { name: button }));
  await user.click(await screen.findByRole('menuitem', { name: item }));
}

describe('what can be done with a message', () => {
  it('is left out of the context, says so, and is taken in again', async () => {
    const { backend, user } = await opened();
    const isOut = () => backend.stored.get('c-0')?.messages[ANSWER]?.left_out;
    await choose(user, ANSWER, 'Leave out of the context');
    expect(await within(turn(ANSWER)).findByText('Left out: the model does not see this.')).toBeTruthy();
    expect(isOut()).toBe(true);
    await user.click(within(turn(ANSWER)).getByRole('button', { name: 'Take in again' }));
    await waitFor(() => expect(isOut()).toBe(false));
    await waitFor(() => expect(screen.queryByText('Left out: the model does not see this.')).toBeNull());
  });

  it('is marked as a good answer, shown as pressed, and no more', async () => {
    const { backend, user } = await opened();
    const isGood = () => backend.stored.get('c-0')?.messages[ANSWER]?.good;
    const button = () => within(turn(ANSWER)).getByRole('button', { name: 'Good answer' });
    expect(within(turn(QUESTION)).queryByRole('button', { name: 'Good answer' })).toBeNull();
    for (const good of [true, false]) {
      await user.click(button());
      await waitFor(() => expect(button().getAttribute('aria-pressed')).toBe(String(good)));
      expect(isGood()).toBe(good);
    }
  });

  it('becomes the end of a new conversation, which is shown', async () => {
    const { state, user } = await opened();
    await choose(user, QUESTION, 'Branch into a new conversation');
    await waitFor(() => expect(turns()).toHaveLength(1));
    const { conversationId } = state.navigation;
    expect(conversationId).not.toBe('c-0');
    expect(state.conversations.row(conversationId)?.title).toBe('Reverse a string by grapheme (branch)');
  });

  it('gets another one put behind it, by the keyboard', async () => {
    const { backend, user } = await opened();
    await choose(user, QUESTION, 'Insert an answer after this');
    const editor = await screen.findByRole('textbox', { name: 'Answer' });
    await user.type(editor, 'Sure.');
    await user.keyboard('{Control>}{Enter}{/Control}');
    await waitFor(() => expect(turns()).toHaveLength(3));
    expect(within(turn(1)).getByText('Sure.')).toBeTruthy();
    expect(screen.queryByRole('textbox', { name: 'Answer' })).toBeNull();
    expect(backend.calls.some((call) => call.command === 'message_regenerate')).toBe(false);
  });

  it('is answered anew by another model', async () => {
    const { backend, user } = await opened();
    const other = [...backend.models.values()].find((model) => model.verdict.type === 'runs' && model.id !== 'm-coder');
    if (!other) throw new Error('the script has no second model that runs');
    await choose(user, ANSWER, other.name, 'Regenerate with another model');
    await waitFor(() => expect(backend.calls.at(-1)?.command).toBeDefined());
    const asked = backend.calls.find((call) => call.command === 'message_regenerate');
    expect(asked?.request).toMatchObject({ model_id: other.id });
    expect(await within(turn(ANSWER)).findByText('2/2')).toBeTruthy();
  });

  it('is written on from the words that a person gave it', async () => {
    const { backend, user } = await opened();
    const asked = () => backend.calls.filter((call) => call.command === 'message_continue').map((call) => call.request);
    const beside = () => within(turn(ANSWER)).queryByRole('button', { name: 'Continue' });
    expect(beside()).toBeNull();
    await user.click(within(turn(ANSWER)).getByRole('button', { name: 'Edit' }));
    const editor = await screen.findByRole('textbox', { name: 'Edit the message' });
    await user.clear(editor);
    await user.type(editor, 'Half of');
    await user.click(screen.getByRole('button', { name: 'Save as new version' }));
    await waitFor(() => expect(beside()).not.toBeNull());
    await user.click(beside() as HTMLElement);
    await waitFor(() => expect(asked()).toEqual([{ id: backend.stored.get('c-0')?.conversation.head }]));
  });

  it('is written on from the menu if its model had ended it', async () => {
    const { backend, user } = await opened();
    await choose(user, ANSWER, 'Continue');
    await waitFor(() => expect(backend.calls.some((call) => call.command === 'message_continue')).toBe(true));
    await user.click(within(turn(QUESTION)).getByRole('button', { name: 'More for this message' }));
    await screen.findByRole('menuitem', { name: 'Leave out of the context' });
    expect(screen.queryByRole('menuitem', { name: 'Continue' })).toBeNull();
  });

  it('offers no model that does not run', async () => {
    const { backend, user } = await opened();
    const refused = [...backend.models.values()].find((model) => model.verdict.type === 'refused');
    await user.click(within(turn(ANSWER)).getByRole('button', { name: 'Regenerate with another model' }));
    await screen.findAllByRole('menuitem');
    expect(screen.queryByRole('menuitem', { name: refused?.name ?? '' })).toBeNull();
  });
});

describe('the text in the composer', () => {
  it('is added as an answer without asking the model', async () => {
    const { backend, user } = await opened();
    const field = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Message' });
    await user.type(field, 'My own answer');
    await user.click(screen.getByRole('button', { name: 'Prompts and more' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Add as an answer' }));
    await waitFor(() => expect(turns()).toHaveLength(3));
    expect(field.value).toBe('');
    expect(backend.stored.get('c-0')?.messages.at(-1)).toMatchObject({ role: 'assistant', content: 'My own answer', run: null });
    expect(backend.calls.some((call) => call.command === 'message_send')).toBe(false);
  });
});

describe('a row of the list', () => {
  it('duplicates its conversation and shows the copy', async () => {
    const { state, context, user } = await opened();
    render(ConversationColumn, { context });
    const row = (await screen.findByRole('button', { name: 'Regex for ISO dates' })).closest('[role="listitem"]');
    await user.click(within(row as HTMLElement).getByRole('button', { name: 'More for this conversation' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Duplicate' }));
    await waitFor(() => expect(state.conversations.row(state.navigation.conversationId)?.title).toBe('Regex for ISO dates (copy)'));
  });
});
