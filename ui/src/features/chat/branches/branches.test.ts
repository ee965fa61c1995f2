import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { MessageOutline, OutlineMessage } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { message as stored } from '$/lib/backend/scripted/conversations';
import { Sirocco, siroccoContext } from '$/lib/state';
import ChatPage from '../ChatPage.svelte';
import { keyOf, linesOf } from './rows';

const outlined = (id: string, parent_id: string | null): OutlineMessage => ({ id, parent_id, role: 'user', beginning: id });

/** Messages under each other, the first under another one. */
const run = (parent: string | null, ...ids: string[]): OutlineMessage[] => ids.map((id, at) => outlined(id, at === 0 ? parent : (ids[at - 1] ?? null)));

/** Each line by its depth and what it says; `*` where it is on the branch that is shown. */
function drawn(outline: MessageOutline, open: string[] = []): string[] {
  return linesOf(outline, new Set(open)).map((line) => {
    const version = line.type === 'message' && line.versions > 1 ? ` ${line.version}/${line.versions}` : '';
    const text = line.type === 'fold' ? `(${line.count}${line.open ? ' open' : ''})` : `${line.message.id}${version}`;
    return `${'  '.repeat(line.depth)}${text}${line.shown ? ' *' : ''}`;
  });
}

describe('the lines of the map', () => {
  it('are folded where nothing has another version', () => {
    const messages = run(null, 'a', 'b', 'c', 'd', 'e');
    expect(drawn({ head: 'e', messages })).toEqual(['a *', '(3) *', 'e *']);
    expect(drawn({ head: 'e', messages }, ['b'])).toEqual(['a *', '(3 open) *', '  b *', '  c *', '  d *', 'e *']);
    expect(drawn({ head: 'c', messages: run(null, 'a', 'b', 'c') })).toEqual(['a *', 'b *', 'c *']);
    expect(drawn({ head: null, messages: [] })).toEqual([]);
  });

  it('are one step deeper behind a fork, and say which branch is shown', () => {
    const messages = [...run(null, 'q', 'a1', 'x', 'y'), ...run('q', 'a2', 'z'), ...run('x', 'y2')];
    expect(drawn({ head: 'z', messages })).toEqual(['q *', '  a1 1/2', '  x', '    y 1/2', '    y2 2/2', '  a2 2/2 *', '  z *']);
    expect(drawn({ head: 'y2', messages: [...messages, outlined('q2', null)] })).toEqual([
      'q 1/2 *',
      '  a1 1/2 *',
      '  x *',
      '    y 1/2',
      '    y2 2/2 *',
      '  a2 2/2',
      '  z',
      'q2 2/2',
    ]);
  });

  it('are made of forks without end, and of a branch without end', () => {
    const forks = Array.from({ length: 10_000 }, (_, at) => [`m${at}`, `n${at}`].map((id) => outlined(id, at === 0 ? null : `m${at - 1}`))).flat();
    const lines = linesOf({ head: 'm9999', messages: forks }, new Set());
    expect(lines).toHaveLength(20_000);
    expect(new Set(lines.map(keyOf)).size).toBe(20_000);
    const branch = Array.from({ length: 200_000 }, (_, at) => outlined(`m${at}`, at === 0 ? null : `m${at - 1}`));
    expect(linesOf({ head: 'm199999', messages: branch }, new Set(['m1']))).toHaveLength(200_001);
  });
});

describe('the map of versions', () => {
  /** A conversation with an answer that twelve messages follow, and another version of it that none do. */
  async function opened() {
    const backend = new ScriptedBackend({ loaded: ['m-coder'] });
    const conversation = backend.stored.get('c-0');
    if (!conversation) throw new Error('the scripted backend has conversations');
    const { messages } = conversation;
    for (let at = 0; at < 12; at++) {
      const parent = at === 0 ? 'c-0-2' : `t-${at - 1}`;
      messages.push(stored('c-0', `t-${at}`, at % 2 === 0 ? 'user' : 'assistant', `turn ${at}`, parent, 1));
    }
    messages.push(stored('c-0', 'other', 'assistant', 'Another answer', 'c-0-1', 1));
    conversation.conversation.head = 't-11';
    const state = new Sirocco(backend);
    state.start();
    await state.reload();
    render(ChatPage, { context: siroccoContext(state) });
    state.navigation.openConversation('c-0');
    await screen.findByText('turn 11');
    const user = userEvent.setup();
    const ask = async () => {
      await user.click(screen.getByRole('button', { name: 'More for the open conversation' }));
      await user.click(await screen.findByRole('menuitem', { name: 'Map of versions' }));
      return within(await screen.findByRole('dialog', { name: 'Map of versions' }));
    };
    return { backend, conversation, ask };
  }

  async function map() {
    const all = await opened();
    const dialog = await all.ask();
    await dialog.findByRole('tree');
    const focused = () => document.activeElement?.textContent ?? '';
    await waitFor(() => expect(focused()).toContain('turn 11'));
    const lines = () => dialog.getAllByRole('treeitem').map((one) => one.textContent?.replace(/\s+/gu, ' ').trim());
    const press = (key: string) => fireEvent.keyDown(document.activeElement as Element, { key });
    const goes = (to: string) => waitFor(() => expect(focused()).toContain(to));
    return { ...all, dialog, lines, press, goes };
  }

  it('shows the branches, and begins at the end of the one that is shown', async () => {
    const { lines } = await map();
    expect(lines()).toEqual([
      expect.stringMatching(/^You Write a Rust function.*, shown now$/),
      expect.stringMatching(/^Model Reversing.*Version 1 of 2.*, shown now$/),
      expect.stringMatching(/^11 messages.*, shown now$/),
      expect.stringMatching(/turn 11.*, shown now$/),
      expect.stringMatching(/Another answer.*Version 2 of 2$/),
    ]);
  });

  it('unfolds what is folded, by the arrows', async () => {
    const { dialog, press, goes } = await map();
    await press('ArrowUp');
    await goes('11 messages');
    expect(document.activeElement?.getAttribute('aria-expanded')).toBe('false');
    await press('ArrowRight');
    await dialog.findByText('turn 0');
    expect(document.activeElement?.getAttribute('aria-expanded')).toBe('true');
    await press('ArrowRight');
    await goes('turn 0');
    expect(document.activeElement?.getAttribute('aria-level')).toBe('3');
    await press('ArrowLeft');
    await goes('11 messages');
    await press('ArrowLeft');
    await waitFor(() => expect(dialog.getAllByRole('treeitem')).toHaveLength(5));
  });

  it('goes to the branch that is chosen', async () => {
    const { conversation, press, goes } = await map();
    await press('End');
    await goes('Another answer');
    await press('Enter');
    await waitFor(() => expect(conversation.conversation.head).toBe('other'));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(await screen.findByText('Another answer')).toBeTruthy();
  });

  it('does not fall back to what it heard of before', async () => {
    const { backend, conversation, ask } = await opened();
    const call = backend.call.bind(backend);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let asked = 0;
    vi.spyOn(backend, 'call').mockImplementation(async (command, request) => {
      const isFirst = command === 'message_outline' && asked++ === 0;
      const answer = structuredClone(await call(command, request));
      if (isFirst) await held;
      return answer;
    });
    const dialog = await ask();
    conversation.messages.push(stored('c-0', 'late', 'assistant', 'A late answer', 'c-0-1', 1));
    backend.emit({ type: 'messages_changed', conversation_id: 'c-0', head: 't-11' });
    expect(await dialog.findByText('A late answer')).toBeTruthy();
    letGo();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(dialog.getByText('A late answer')).toBeTruthy();
  });

  it('says what went wrong, and asks again', async () => {
    const { backend, ask } = await opened();
    backend.fail('message_outline', { message: 'the tree could not be read' });
    const dialog = await ask();
    expect(await dialog.findByText(/tree could not be read/i)).toBeTruthy();
    backend.succeed('message_outline');
    await fireEvent.click(dialog.getByRole('button', { name: 'Try again' }));
    expect(await dialog.findByRole('tree')).toBeTruthy();
  });
});
