import { describe, expect, it, vi } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { organise } from '$/lib/backend/scripted/organise';
import { Sirocco } from '$/lib/state';
import { actionsOf } from './chatActions';
import { ChatSession } from './state/session.svelte';

async function opened(id: string | null) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  const chat = new ChatSession(state);
  await chat.open(id);
  state.navigation.conversationId = id;
  const page = {
    send: vi.fn(),
    stop: vi.fn(),
    editLast: vi.fn(),
    regenerate: vi.fn(),
    continue: vi.fn(),
    toEnd: vi.fn(),
    rename: vi.fn(),
    showMap: vi.fn(),
    chooseFolder: vi.fn(),
    attach: vi.fn(),
    showPrompts: vi.fn(),
  };
  const showInspector = vi.fn();
  const actions = new Map(actionsOf(chat, state, showInspector).map((action) => [action.id, action]));
  const can = (name: string) => actions.get(`chat.${name}`)?.available?.() ?? true;
  const run = (name: string) => actions.get(`chat.${name}`)?.run();
  return { backend, state, chat, page, showInspector, actions, can, run };
}

const OF_CONVERSATION = ['regenerate', 'continue', 'editLast', 'copyAnswer', 'copyCode', 'find', 'map', 'end', 'rename', 'pin', 'duplicate', 'archive', 'export.html', 'copyAll', 'delete'];

describe('what can be done with the chat', () => {
  it('is what the page on show can do with what is open', async () => {
    const { chat, page, can, run } = await opened('c-0');
    expect(OF_CONVERSATION.filter(can)).toEqual([]);
    const gone = chat.shows(page);
    expect(OF_CONVERSATION.filter(can)).toEqual(OF_CONVERSATION);
    run('regenerate');
    expect(page.regenerate).toHaveBeenCalledWith(chat.current.last);
    run('rename');
    expect(page.rename).toHaveBeenCalledOnce();
    run('map');
    expect(page.showMap).toHaveBeenCalledOnce();
    gone();
    expect(OF_CONVERSATION.filter(can)).toEqual([]);
    const empty = await opened(null);
    empty.chat.shows(empty.page);
    expect(OF_CONVERSATION.filter(empty.can)).toEqual([]);
    expect(empty.can('new')).toBe(true);
  });

  it('sends what is written, and only then', async () => {
    const { chat, page, can, run } = await opened('c-0');
    chat.shows(page);
    expect([can('send'), can('stop')]).toEqual([false, false]);
    chat.draft.change('Hello');
    expect(can('send')).toBe(true);
    run('send');
    expect(page.send).toHaveBeenCalledOnce();
  });

  it('copies the last code block of the last answer', async () => {
    const { state, chat, page, run } = await opened('c-0');
    chat.shows(page);
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    run('copyCode');
    await vi.waitFor(() => expect(state.toasts.items[0]?.text).toBe('Copied'));
    expect(write.mock.calls[0]?.[0]).toMatch(/^use unicode_segmentation[\s\S]*\}$/);
  });

  it('says whether it pins or unpins', async () => {
    const { state, chat, page, actions, run } = await opened('c-3');
    chat.shows(page);
    expect(actions.get('chat.pin')?.label).toBe('Unpin the conversation');
    run('pin');
    await vi.waitFor(() => expect(state.conversations.row('c-3')?.pinned).toBe(false));
    expect(actions.get('chat.pin')?.label).toBe('Pin the conversation');
  });

  it('steps through the list, and no further than its ends', async () => {
    const { state, run } = await opened(null);
    const ids = state.conversations.items.map((row) => row.id);
    run('next');
    expect(state.navigation.conversationId).toBe(ids[0]);
    run('next');
    expect(state.navigation.conversationId).toBe(ids[1]);
    run('previous');
    run('previous');
    expect(state.navigation.conversationId).toBe(ids[0]);
  });

  it('copies the conversation and shows the copy', async () => {
    const { backend, state, chat, page, run } = await opened('c-0');
    chat.shows(page);
    run('duplicate');
    await vi.waitFor(() => expect(state.navigation.conversationId).not.toBe('c-0'));
    expect(backend.stored.get(state.navigation.conversationId ?? '')?.conversation.summary.title).toContain('copy');
  });

  it('archives, with the way back', async () => {
    const { backend, state, chat, page, actions, run } = await opened('c-0');
    chat.shows(page);
    expect(actions.get('chat.archive')?.label).toBe('Archive the conversation');
    run('archive');
    await vi.waitFor(() => expect(state.toasts.items).toHaveLength(1));
    expect(backend.stored.get('c-0')?.conversation.summary.archived).toBe(true);
    state.toasts.items[0]?.action?.run();
    await vi.waitFor(() => expect(backend.stored.get('c-0')?.conversation.summary.archived).toBe(false));
  });

  it('exports what is open, in the format that is chosen', async () => {
    const { backend, chat, page, run } = await opened('c-0');
    chat.shows(page);
    run('export.jsonl');
    const asked = () => backend.calls.filter((call) => call.command === 'exchange_export').map((call) => call.request);
    await vi.waitFor(() => expect(asked()).toMatchObject([{ scope: { type: 'conversations', ids: ['c-0'] }, format: 'jsonl' }]));
  });

  it('asks for a folder where there are some, for files and for prompts', async () => {
    const { backend, chat, page, can, run } = await opened('c-0');
    chat.shows(page);
    expect(can('move')).toBe(false);
    organise(backend);
    await chat.organiser.folders.load();
    expect(can('move')).toBe(true);
    run('move');
    run('attach');
    run('prompts');
    run('builder');
    expect(page.chooseFolder).toHaveBeenCalledOnce();
    expect(page.attach).toHaveBeenCalledOnce();
    expect(page.showPrompts.mock.calls).toEqual([['library'], ['builder']]);
  });

  it('shows a panel beside the chat, wherever that was closed', async () => {
    const { chat, page, showInspector, can, run } = await opened(null);
    expect(can('panel.notes')).toBe(false);
    chat.shows(page);
    run('panel.notes');
    expect(chat.panel).toBe('notes');
    run('panel.context');
    expect(chat.panel).toBe('context');
    expect(showInspector).toHaveBeenCalledTimes(2);
  });

  it('deletes with the way back', async () => {
    const { state, chat, page, run } = await opened('c-0');
    chat.shows(page);
    run('delete');
    await vi.waitFor(() => expect(state.toasts.items).toHaveLength(1));
    expect(state.conversations.row('c-0')).toBeNull();
    state.toasts.items[0]?.action?.run();
    await vi.waitFor(() => expect(state.conversations.row('c-0')).not.toBeNull());
  });
});
