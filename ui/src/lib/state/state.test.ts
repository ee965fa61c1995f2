import { flushSync } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConversationSummary, LoadedModel } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedDownload } from '$/lib/backend/scripted/downloads';
import { conversationOrder } from '$/lib/conversationOrder';
import { Sirocco } from './index';

function started(backend = new ScriptedBackend()): { all: Sirocco; backend: ScriptedBackend; stop: () => void } {
  const all = new Sirocco(backend);
  return { all, backend, stop: all.start() };
}

const settle = () => vi.waitFor(() => new Promise((resolve) => setTimeout(resolve, 0)));

afterEach(() => vi.useRealTimers());

describe('the app state', () => {
  it('is ready once status and settings are there', async () => {
    const { all } = started();
    expect(all.app.boot.type).toBe('starting');
    await settle();
    expect(all.app.boot.type).toBe('ready');
    expect(all.app.status?.machine.cpu).toContain('Ryzen');
  });

  it('tells why it cannot start, and starts when asked again', async () => {
    const backend = new ScriptedBackend();
    backend.fail('app_status', { code: 'network', message: 'nobody answers' });
    const { all } = started(backend);
    await settle();
    expect(all.app.boot).toMatchObject({ type: 'failed', error: { message: 'nobody answers' } });
    backend.succeed('app_status');
    await all.reload();
    expect(all.app.boot.type).toBe('ready');
  });

  it('applies a setting at once and takes it back when it is refused', async () => {
    const { all, backend } = started();
    await settle();
    backend.fail('settings_set', { message: 'the disk is full' });
    const saving = all.app.updateSettings({ theme: 'sepia' });
    expect(document.documentElement.dataset.theme).toBe('sepia');
    expect(all.app.settings?.theme).toBe('sepia');
    await expect(saving).rejects.toMatchObject({ message: 'the disk is full' });
    expect(all.app.settings?.theme).toBe('system');
    expect(document.documentElement.dataset.theme).toBe('light');
  });

  it('shows the last of its own changes, whatever older ones come meanwhile', async () => {
    const { all, backend } = started();
    await settle();
    const older = { ...backend.settings, theme: 'dark' as const };
    const saving = all.app.updateSettings({ theme: 'sepia' });
    all.app.handle({ type: 'settings_changed', settings: older });
    expect(all.app.settings?.theme).toBe('sepia');
    await saving;
    expect(all.app.settings?.theme).toBe('sepia');
  });

  it('goes back to the last change that was saved', async () => {
    const { all, backend } = started();
    await settle();
    const first = all.app.updateSettings({ theme: 'sepia' });
    await Promise.resolve();
    backend.fail('settings_set', { message: 'the disk is full' });
    const second = all.app.updateSettings({ theme: 'dark' });
    await Promise.allSettled([first, second]);
    expect(all.app.settings?.theme).toBe('sepia');
  });

  it('follows settings changed elsewhere, and the connection', async () => {
    const { all, backend } = started();
    await settle();
    backend.emit({ type: 'settings_changed', settings: { ...backend.settings, theme: 'dark' } });
    expect(document.documentElement.dataset.theme).toBe('dark');
    backend.setConnected(false);
    expect(all.app.connected).toBe(false);
    backend.setConnected(true);
    expect(all.app.connected).toBe(true);
  });
});

describe('the model library', () => {
  it('orders by last use, then name', async () => {
    const { all } = started();
    await settle();
    expect(all.models.models.slice(0, 2).map((model) => model.id)).toEqual(['m-coder', 'm-llama']);
  });

  it('follows loads, ejections and removals by events', async () => {
    const { all, backend } = started();
    await settle();
    const loaded: LoadedModel = {
      model_id: 'm-llama',
      state: { type: 'loading', progress: 0.4 },
      context_length: 8192,
      threads: 8,
      runtime: 'r',
      served_by: 'mistralrs',
      fallback: null,
      memory_bytes: null,
      queue_length: 0,
    };
    backend.emit({ type: 'loaded_changed', loaded });
    expect(all.models.loadedState('m-llama')?.state).toEqual({ type: 'loading', progress: 0.4 });
    backend.emit({ type: 'ejected', model_id: 'm-llama' });
    expect(all.models.loadedState('m-llama')).toBeNull();
    backend.emit({ type: 'model_removed', model_id: 'm-llama' });
    expect(all.models.model('m-llama')).toBeNull();
  });

  it('keeps the newer word when an event overtakes the answer of a load', async () => {
    const { all, backend } = started();
    await settle();
    const ready: LoadedModel = { ...(await backend.call('model_load', { id: 'm-coder', options: { load_anyway: false } })), state: { type: 'ready' } };
    backend.loaded.clear();
    const loading = all.models.loadModel('m-coder');
    backend.emit({ type: 'loaded_changed', loaded: ready });
    await loading;
    expect(all.models.loadedState('m-coder')?.state.type).toBe('ready');
  });

  it('tells once that a load failed and that a file is damaged', async () => {
    const { all, backend } = started(new ScriptedBackend({ loaded: ['m-coder'] }));
    await settle();
    const error = { code: 'internal' as const, message: 'the worker stopped', hint: null, trace_id: '' };
    const loaded: LoadedModel = { ...(backend.loaded.get('m-coder') as LoadedModel), state: { type: 'failed', error } };
    backend.emit({ type: 'loaded_changed', loaded });
    backend.emit({ type: 'loaded_changed', loaded });
    backend.emit({ type: 'verification_changed', model_id: 'm-llama', verification: { type: 'damaged', expected: 'a', found: 'b' } });
    expect(all.toasts.items.map((toast) => toast.text)).toEqual([
      'The worker stopped.',
      `The file of ${all.models.model('m-llama')?.name} is damaged.`,
    ]);
    all.toasts.items[1]?.action?.run();
    expect([all.navigation.view, all.navigation.modelId]).toEqual(['library', 'm-llama']);
  });

  it('counts only running downloads as active', async () => {
    const { all, backend } = started();
    await settle();
    const download = scriptedDownload('d');
    backend.emit({ type: 'download_changed', download });
    expect(all.downloads.active).toHaveLength(1);
    backend.emit({ type: 'download_changed', download: { ...download, state: { type: 'paused', error: null } } });
    expect(all.downloads.active).toHaveLength(0);
    expect(all.downloads.queue).toHaveLength(1);
  });

  it('asks for everything anew after it fell behind', async () => {
    const { all, backend } = started();
    await settle();
    backend.models.delete('m-llama');
    backend.emit({ type: 'lagged' });
    await settle();
    expect(all.models.model('m-llama')).toBeNull();
  });
});

describe('the conversation list', () => {
  const row = (id: string, updated_at_ms: number, more: Partial<ConversationSummary> = {}): ConversationSummary => ({
    id,
    title: id,
    created_at_ms: 0,
    updated_at_ms,
    pinned: false,
    running: false,
    unread: false,
    folder_id: null,
    tags: [],
    archived: false,
    temporary: false,
    blind: false,
    ...more,
  });

  it('stands pinned first, then newest first, and moves with events', async () => {
    const { all, backend } = started(new ScriptedBackend({ conversations: 0 }));
    await settle();
    backend.emit({ type: 'conversation_changed', conversation: row('old', 1) });
    backend.emit({ type: 'conversation_changed', conversation: row('new', 2) });
    expect(all.conversations.items.map((one) => one.id)).toEqual(['new', 'old']);
    backend.emit({ type: 'conversation_changed', conversation: row('old', 1, { pinned: true }) });
    expect(all.conversations.items.map((one) => one.id)).toEqual(['old', 'new']);
    backend.emit({ type: 'conversation_deleted', conversation_id: 'old' });
    expect(all.conversations.items.map((one) => one.id)).toEqual(['new']);
  });

  it('reads 10,000 conversations page by page, each once', async () => {
    const { all } = started(new ScriptedBackend({ conversations: 10_000 }));
    await settle();
    expect(all.conversations.items).toHaveLength(200);
    for (let page = 0; page < 60 && all.conversations.hasMore; page += 1) await all.conversations.loadMore();
    expect(all.conversations.items).toHaveLength(10_000);
    expect(all.conversations.hasMore).toBe(false);
  });

  it('skips none of the same millisecond, nor those above a row that an event brought', async () => {
    const backend = new ScriptedBackend({ conversations: 1_000 });
    const summaries = [...backend.stored.values()].map((one) => one.conversation.summary);
    summaries.forEach((summary, index) => {
      summary.updated_at_ms = Math.floor(index / 500);
      summary.pinned = index % 3 === 0;
    });
    const { all } = started(backend);
    await settle();
    const last = summaries.toSorted(conversationOrder).at(-1);
    if (last) backend.emit({ type: 'conversation_changed', conversation: last });
    for (let page = 0; page < 10 && all.conversations.hasMore; page += 1) await all.conversations.loadMore();
    expect(all.conversations.items).toHaveLength(1_000);
  });

  it('keeps its rows when asking again fails', async () => {
    const { all, backend } = started();
    await settle();
    const count = all.conversations.items.length;
    backend.fail('conversation_list', { message: 'no' });
    await all.conversations.load();
    expect(all.conversations.items).toHaveLength(count);
    expect(all.conversations.state.type).toBe('ready');
  });

  it('holds no archived ones, and takes one change of several at once', async () => {
    const { all, backend } = started();
    await settle();
    const count = all.conversations.items.length;
    await all.conversations.organise(['c-1', 'c-2'], { type: 'archive' });
    expect(all.conversations.items).toHaveLength(count - 2);
    await all.conversations.organise(['c-1'], { type: 'unarchive' });
    expect(all.conversations.row('c-1')).not.toBeNull();
    await backend.call('conversation_organise', { ids: ['c-3', 'c-4'], change: { type: 'delete' } });
    expect(all.conversations.items).toHaveLength(count - 3);
    backend.fail('conversation_organise', { message: 'no' });
    await expect(all.conversations.organise(['c-1'], { type: 'archive' })).rejects.toMatchObject({ message: 'no' });
    expect(all.conversations.row('c-1')).not.toBeNull();
  });

  it('has the whole of an open folder, also of rows that are older than its page, and again after a gap', async () => {
    const backend = new ScriptedBackend({ conversations: 600 });
    const { id } = await backend.call('folder_create', { name: 'Old', parent_id: null });
    for (let index = 590; index < 600; index += 1) {
      const summary = backend.stored.get(`c-${index}`)?.conversation.summary;
      if (summary) summary.folder_id = id;
    }
    const { all } = started(backend);
    await settle();
    const filed = () => all.conversations.items.filter((row) => row.folder_id === id);
    expect(filed()).toHaveLength(0);
    await all.conversations.wholeFolder(id);
    expect(filed()).toHaveLength(10);
    await all.conversations.load();
    expect(filed()).toHaveLength(10);
  });

  it('has a copy as soon as it is made', async () => {
    const { all, backend } = started();
    await settle();
    const made = await all.conversations.duplicate('c-2');
    expect(all.conversations.items[0]?.pinned).toBe(true);
    expect(all.conversations.row(made.summary.id)?.title).toBe('Regex for ISO dates (copy)');
    expect(backend.stored.get(made.summary.id)?.messages).toHaveLength(2);
  });

  it('hides at once what is deleted, and shows it again when that fails or is undone', async () => {
    const { all, backend } = started();
    await settle();
    const count = all.conversations.items.length;
    await all.conversations.remove('c-2');
    expect(all.conversations.row('c-2')).toBeNull();
    await all.conversations.restore('c-2');
    expect(all.conversations.items).toHaveLength(count);
    backend.fail('conversation_delete', { message: 'no' });
    const removing = all.conversations.remove('c-2');
    expect(all.conversations.row('c-2')).toBeNull();
    await expect(removing).rejects.toMatchObject({ message: 'no' });
    expect(all.conversations.row('c-2')).not.toBeNull();
  });
});

describe('navigation', () => {
  it('counts every choice, also of what is shown already', () => {
    const { navigation } = new Sirocco(new ScriptedBackend());
    navigation.openConversation('c-1');
    const before = navigation.moves;
    navigation.openConversation('c-1');
    navigation.openSettings();
    navigation.openLibraryPlace('disk');
    expect(navigation.moves).toBe(before + 3);
  });
});

describe('a guard', () => {
  it('holds whoever would show another conversation, and no one else', () => {
    const { navigation } = new Sirocco(new ScriptedBackend());
    navigation.openConversation('c-1');
    const held: (() => void)[] = [];
    let holds = true;
    navigation.guard = (go) => {
      if (holds) held.push(go);
      return !holds;
    };
    navigation.openConversation('c-2');
    navigation.newChat();
    navigation.openComparison('columns', 'c-2');
    navigation.leave(() => navigation.openConversation('c-3'));
    expect(navigation.conversationId).toBe('c-1');
    expect(held).toHaveLength(4);
    navigation.openConversation('c-1', 'm-1');
    navigation.openComparison();
    navigation.openSettings();
    expect(held).toHaveLength(4);
    holds = false;
    held[3]?.();
    expect(navigation.conversationId).toBe('c-3');
  });
});

describe('notices', () => {
  it('go by themselves, but not while someone points at them', () => {
    vi.useFakeTimers();
    const { toasts } = new Sirocco(new ScriptedBackend());
    const id = toasts.show('done', { duration_ms: 1000 });
    vi.advanceTimersByTime(900);
    toasts.hold(id);
    vi.advanceTimersByTime(5000);
    expect(toasts.items).toHaveLength(1);
    toasts.resume(id);
    vi.advanceTimersByTime(1001);
    expect(toasts.items).toHaveLength(0);
  });

  it('are four at most, the newest kept', () => {
    vi.useFakeTimers();
    const { toasts } = new Sirocco(new ScriptedBackend());
    for (let count = 1; count <= 9; count += 1) toasts.show(String(count));
    flushSync();
    expect(toasts.items.map((toast) => toast.text)).toEqual(['6', '7', '8', '9']);
  });

  it('that tell of work going on are not pushed out by newer ones', () => {
    vi.useFakeTimers();
    const { toasts } = new Sirocco(new ScriptedBackend());
    toasts.show('copying', { progress: 0.5, duration_ms: 0 });
    for (let count = 1; count <= 9; count += 1) toasts.show(String(count));
    expect(toasts.items.map((toast) => toast.text)).toEqual(['copying', '7', '8', '9']);
  });

  it('say what happened and the next step', () => {
    vi.useFakeTimers();
    const { toasts } = new Sirocco(new ScriptedBackend());
    toasts.error({ code: 'disk_full', message: 'the disk is full', hint: 'make room', trace_id: '' });
    expect(toasts.items[0]).toMatchObject({ tone: 'danger', text: 'The disk is full.', detail: 'Make room.' });
  });
});
