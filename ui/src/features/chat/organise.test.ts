import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { organise } from '$/lib/backend/scripted/organise';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatInspector from './ChatInspector.svelte';
import ConversationColumn from './ConversationColumn.svelte';
import { sessionOf } from './session';

beforeEach(() => localStorage.clear());

async function started() {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  organise(backend);
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const context = siroccoContext(state);
  render(ConversationColumn, { context });
  await screen.findByRole('button', { name: /^Work/ });
  const summary = (id: string) => backend.stored.get(id)?.conversation.summary;
  const undo = () => state.toasts.items.at(-1)?.action?.run();
  return { backend, state, context, summary, undo, user: userEvent.setup() };
}

const rowOf = (name: string | RegExp) => screen.getByRole('button', { name });
const item = (element: HTMLElement) => element.closest('[role=listitem]') as HTMLElement;

/** Opens the menu of a row and takes the path through its submenus. */
async function choose(user: ReturnType<typeof userEvent.setup>, row: HTMLElement, path: string[]) {
  await user.click(within(item(row)).getByRole('button', { name: /^More for/ }));
  for (const [at, name] of path.entries()) {
    const entry = await waitFor(() => {
      const found = [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')].find((one) => one.textContent.trim().startsWith(name));
      if (!found) throw new Error(`no menu has the entry ${name}`);
      return found;
    });
    if (at < path.length - 1) {
      entry.focus();
      await user.keyboard('{ArrowRight}');
    } else await user.click(entry);
  }
}

describe('a window of its own', () => {
  it('is opened from the menu of a conversation and by name', async () => {
    const { backend, state, user } = await started();
    await choose(user, rowOf(/^Regex for ISO/), ['Open in a new window']);
    expect(backend.windows).toEqual(['c-2']);
    expect(state.navigation.conversationId).toBeNull();
  });
});

describe('folders', () => {
  it('are exported with all that lies in them', async () => {
    const { backend, user } = await started();
    await choose(user, rowOf(/^Work/), ['Export as', 'JSON']);
    await waitFor(() => expect(backend.calls.at(-1)).toMatchObject({ command: 'exchange_export', request: { scope: { type: 'folder', id: 'f-work' }, format: 'json' } }));
  });

  it('open and close by key, and show what is in them', async () => {
    await started();
    const work = rowOf(/^Work/);
    expect(screen.queryByRole('button', { name: /Compare two lease/ })).toBeNull();
    await fireEvent.keyDown(work, { key: 'ArrowRight' });
    expect(await screen.findByRole('button', { name: /Compare two lease/ })).toBeTruthy();
    expect(work.getAttribute('aria-expanded')).toBe('true');
    await fireEvent.keyDown(work, { key: 'ArrowLeft' });
    await waitFor(() => expect(screen.queryByRole('button', { name: /Compare two lease/ })).toBeNull());
  });

  it('take a conversation that is dropped on them, and Undo puts it back', async () => {
    const { summary, undo } = await started();
    const dragged = item(rowOf(/Regex for ISO dates/));
    await fireEvent.dragStart(dragged);
    await fireEvent.dragOver(item(rowOf('Travel')));
    await fireEvent.drop(item(rowOf('Travel')));
    await waitFor(() => expect(summary('c-2')?.folder_id).toBe('f-travel'));
    await waitFor(() => expect(screen.queryByRole('button', { name: /Regex for ISO dates/ })).toBeNull());
    undo();
    await waitFor(() => expect(summary('c-2')?.folder_id).toBeNull());
  });

  it('go into one another, but not into themselves', async () => {
    const { backend } = await started();
    await fireEvent.keyDown(rowOf(/^Work/), { key: 'ArrowRight' });
    await fireEvent.dragStart(item(rowOf(/^Work/)));
    await fireEvent.dragOver(item(await screen.findByRole('button', { name: 'Hiring' })));
    await fireEvent.drop(item(rowOf('Hiring')));
    await fireEvent.dragOver(item(rowOf('Travel')));
    await fireEvent.drop(item(rowOf('Travel')));
    await waitFor(() => expect(backend.folders.get('f-work')?.parent_id).toBe('f-travel'));
    expect(backend.calls.filter((call) => call.command === 'folder_move')).toHaveLength(1);
  });

  it('are renamed, and a deleted one comes back with what lay in it', async () => {
    const { backend, summary, undo } = await started();
    await fireEvent.keyDown(rowOf(/^Work/), { key: 'F2' });
    const field = await screen.findByRole<HTMLInputElement>('textbox', { name: 'Name of the folder' });
    field.value = 'Office';
    await fireEvent.keyDown(field, { key: 'Enter' });
    const office = await screen.findByRole('button', { name: /^Office/ });
    await fireEvent.keyDown(office, { key: 'Delete' });
    await waitFor(() => expect(backend.folders.has('f-work')).toBe(false));
    expect(await screen.findByRole('button', { name: /Compare two lease/ })).toBeTruthy();
    undo();
    await waitFor(() => expect(summary('c-1')?.folder_id).toBe('f-work'));
  });

  it('are made from the menu of a conversation, which moves into it', async () => {
    const { backend, summary, user } = await started();
    await choose(user, rowOf(/Regex for ISO dates/), ['Move to', 'New folder…']);
    await user.type(await screen.findByRole('textbox', { name: /Name/ }), 'Climate');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(summary('c-2')?.folder_id).toBeTruthy());
    expect([...backend.folders.values()].at(-1)?.name).toBe('Climate');
  });
});

describe('several conversations', () => {
  it('are chosen with Ctrl and Shift, and deleted together', async () => {
    const { backend, undo, user } = await started();
    await fireEvent.click(rowOf(/Reverse a string/), { ctrlKey: true });
    await fireEvent.click(rowOf(/Why does my borrow/), { shiftKey: true });
    expect(screen.getByText('3 selected')).toBeTruthy();
    await user.click(within(screen.getByRole('toolbar', { name: 'Selected conversations' })).getByRole('button', { name: 'Delete' }));
    await waitFor(() => expect(backend.stored.has('c-2')).toBe(false));
    expect(['c-0', 'c-4'].map((id) => backend.stored.has(id))).toEqual([false, false]);
    undo();
    await waitFor(() => expect(backend.stored.has('c-2')).toBe(true));
  });

  it('are chosen from the menu by plain clicks, and Escape ends that', async () => {
    const { state, user } = await started();
    await user.click(rowOf('View and organise'));
    await user.click(await screen.findByRole('menuitem', { name: 'Select conversations' }));
    await fireEvent.click(await screen.findByRole('button', { name: /Regex for ISO dates/ }));
    expect(state.navigation.conversationId).toBeNull();
    expect(rowOf(/Regex for ISO dates/).getAttribute('aria-pressed')).toBe('true');
    await fireEvent.keyDown(rowOf(/Regex for ISO dates/), { key: 'Escape' });
    await waitFor(() => expect(screen.queryByRole('toolbar')).toBeNull());
  });
});

describe('what the list can show', () => {
  const view = async (user: ReturnType<typeof userEvent.setup>, name: string) => {
    await user.click(rowOf('View and organise'));
    await user.click(await screen.findByRole('menuitem', { name }));
  };

  it('the archive, from which a conversation comes back', async () => {
    const { state, summary, user } = await started();
    expect(screen.queryByRole('button', { name: /Chess endgame/ })).toBeNull();
    await view(user, 'Archive');
    await choose(user, await screen.findByRole('button', { name: /Chess endgame/ }), ['Take out of the archive']);
    await waitFor(() => expect(summary('c-8')?.archived).toBe(false));
    expect(await screen.findByText('Nothing is archived.')).toBeTruthy();
    await user.click(rowOf('Back to all conversations'));
    await waitFor(() => expect(state.conversations.row('c-8')).not.toBeNull());
  });

  it('the trash, from which one is restored or deleted for good', async () => {
    const { backend, state, user } = await started();
    await state.conversations.remove('c-2');
    await view(user, 'Trash');
    await user.click(await screen.findByRole('button', { name: 'Restore Summary of the Q3 report' }));
    await waitFor(() => expect(backend.stored.has('c-9')).toBe(true));
    await user.click(rowOf('Delete Regex for ISO dates for good'));
    await user.click(await screen.findByRole('button', { name: 'Delete for good' }));
    expect(await screen.findByText('The trash is empty.')).toBeTruthy();
    expect(backend.deleted.size).toBe(0);
  });

  it('those with a tag, which the menu of a row gives and takes', async () => {
    const { summary, user } = await started();
    await choose(user, rowOf(/Regex for ISO dates/), ['Tags', 'rust']);
    await waitFor(() => expect(summary('c-2')?.tags).toEqual(['rust']));
    await user.click(rowOf('View and organise'));
    const tagged = await screen.findByRole('menuitem', { name: 'With a tag' });
    tagged.focus();
    await user.keyboard('{ArrowRight}');
    await user.click(await screen.findByRole('menuitem', { name: 'rust' }));
    await screen.findByRole('heading', { name: '#rust' });
    await waitFor(() => expect(screen.getAllByRole('button', { name: /#rust/ })).toHaveLength(3));
  });
});

describe('the notes beside a conversation', () => {
  it('are kept as they are written, each beside its own', async () => {
    const { backend, state, context, user } = await started();
    const session = sessionOf(state);
    render(ChatInspector, { context });
    await user.click(screen.getByRole('tab', { name: 'Notes' }));
    expect(screen.getByText('Notes can be written once the conversation has begun.')).toBeTruthy();
    await session.open('c-0');
    await user.type(await screen.findByRole('textbox', { name: 'Notes beside this conversation' }), 'Ask Ada');
    await session.open('c-2');
    await waitFor(() => expect(backend.stored.get('c-0')?.conversation.notes).toBe('Ask Ada'));
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Notes beside this conversation' }).value).toBe('');
    await session.open('c-0');
    expect(session.notes.text).toBe('Ask Ada');
  });
});
