import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { Download, DownloadState } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedDownload, scriptedDownloads } from '$/lib/backend/scripted/downloads';
import { progressWords, secondsLeft } from '$/lib/downloading';
import { Sirocco, siroccoContext } from '$/lib/state';
import DownloadsDrawer from './DownloadsDrawer.svelte';
import { dropIndex } from './reorder.svelte';

async function opened(downloads: Download[] = scriptedDownloads()) {
  const backend = new ScriptedBackend({ downloads });
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.downloads.state.type).toBe('ready'));
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  let closed = 0;
  render(DownloadsDrawer, { props: { onClose: () => (closed += 1) }, context: siroccoContext(all) });
  return { all, backend, user: userEvent.setup(), closed: () => closed };
}

const order = (all: Sirocco) => all.downloads.queue.map((one) => one.id);

describe('words about a download', () => {
  const words = (state: DownloadState, more: Partial<Download> = {}) =>
    progressWords(scriptedDownload('d', { state, total_bytes: 2e9, done_bytes: 1e9, ...more }));
  const at = new Date(2026, 2, 30, 14, 7).getTime();

  it('tell how far it is, how fast and how long', () => {
    expect(words({ type: 'downloading' }, { bytes_per_second: 50e6, seconds_left: 20 })).toBe('50% · 1.00 GB of 2.00 GB · 50.0 MB/s · 20 s left');
    expect(words({ type: 'downloading' })).toBe('50% · 1.00 GB of 2.00 GB · Connecting');
    expect(secondsLeft(0)).toBe('1 s left');
    expect(secondsLeft(7800)).toBe('2 h 10 min left');
  });

  it('tell why it waits, and until when if that is known', () => {
    const queued = (reason: 'turn' | 'schedule' | 'offline' | 'rate_limit' | 'retry', until_ms: number | null) =>
      words({ type: 'queued', reason, until_ms, error: null }, { done_bytes: 0 });
    expect(queued('turn', null)).toBe('Waits for its turn · 2.00 GB');
    expect(queued('schedule', at)).toBe('Waits for the hours you set, goes on at 14:07 · 2.00 GB');
    expect(queued('offline', null)).toBe('Waits for the network · 2.00 GB');
    expect(queued('rate_limit', at)).toBe('The Hub asks to slow down, goes on at 14:07 · 2.00 GB');
    expect(queued('retry', at)).toBe('The connection broke, tries again at 14:07 · 2.00 GB');
  });
});

describe('the queue', () => {
  it('stands in its order, finished ones apart, and sums up what goes on', async () => {
    const { all } = await opened();
    expect(order(all)).toEqual(['d-run', 'd-shards', 'd-turn', 'd-rate', 'd-retry', 'd-full', 'd-paused', 'd-gated', 'd-token']);
    expect(all.downloads.finished.map((one) => one.id)).toEqual(['d-done', 'd-done-2']);
    expect(all.downloads.active.map((one) => one.id)).toEqual(['d-run', 'd-shards']);
    expect(all.downloads.troubled.map((one) => one.id)).toEqual(['d-full', 'd-gated', 'd-token']);
    expect(all.downloads.bytesPerSecond).toBe(60_400_000);
    expect(screen.getByText(/2 running · 3 waiting · 1 paused · 3 need you/)).toBeTruthy();
  });

  it('goes back to its order when a move is refused', async () => {
    const { all, backend } = await opened();
    backend.fail('download_move', { message: 'no' });
    const moving = all.downloads.move('d-turn', 'd-run');
    expect(order(all)[0]).toBe('d-turn');
    await expect(moving).rejects.toMatchObject({ message: 'no' });
    expect(order(all)[0]).toBe('d-run');
  });

  it('forgets what is removed elsewhere', async () => {
    const { all, backend } = await opened();
    backend.emit({ type: 'download_removed', download_id: 'd-run' });
    expect(all.downloads.download('d-run')).toBeNull();
  });

  it('lands before the row whose middle is below the pointer', () => {
    expect(dropIndex(5, [10, 30, 50])).toBe(0);
    expect(dropIndex(31, [10, 30, 50])).toBe(2);
    expect(dropIndex(99, [10, 30, 50])).toBe(3);
  });
});

describe('the drawer', () => {
  it('is reordered with the arrow keys and says where a row went', async () => {
    const { all, user } = await opened();
    screen.getByRole('button', { name: 'Move gemma-3-4b-it-Q5_K_M.gguf' }).focus();
    await user.keyboard('{ArrowUp}');
    await waitFor(() => expect(order(all).slice(0, 3)).toEqual(['d-run', 'd-turn', 'd-shards']));
    expect(await screen.findByText('gemma-3-4b-it-Q5_K_M.gguf is 2 of 9')).toBeTruthy();
    await user.keyboard('{ArrowDown}{ArrowDown}');
    await waitFor(() => expect(order(all).indexOf('d-turn')).toBe(3));
  });

  it('keeps the focus when the keyboard pauses one', async () => {
    const { user } = await opened();
    screen.getByRole('button', { name: 'Pause Qwen3-8B-Q4_K_M.gguf' }).focus();
    await user.keyboard('{Enter}');
    const resume = await screen.findByRole('button', { name: 'Resume Qwen3-8B-Q4_K_M.gguf' });
    expect(document.activeElement).toBe(resume);
  });

  it('pauses and resumes one, and all', async () => {
    const { all, backend, user } = await opened();
    await user.click(screen.getByRole('button', { name: 'Pause Qwen3-8B-Q4_K_M.gguf' }));
    await waitFor(() => expect(all.downloads.download('d-run')?.state.type).toBe('paused'));
    await user.click(screen.getByRole('button', { name: 'Pause all' }));
    await waitFor(() => expect(all.downloads.active).toHaveLength(0));
    await user.click(screen.getByRole('button', { name: 'Resume all' }));
    await waitFor(() => expect(backend.calls.at(-1)).toEqual({ command: 'download_resume', request: { id: null } }));
  });

  it('asks in the row before bytes are lost, and not when there are none', async () => {
    const { all, user } = await opened();
    const choose = async (name: string) => {
      await user.click(screen.getByRole('button', { name: `More for ${name}` }));
      await user.click(await screen.findByRole('menuitem', { name: 'Cancel download' }));
    };
    await choose('Phi-4-mini-instruct-Q6_K.gguf');
    const question = await screen.findByRole('group', { name: 'Cancel download' });
    expect(question.textContent).toContain('Cancel and remove the 379 MB that are here?');
    expect(all.downloads.download('d-paused')).not.toBeNull();
    await user.click(within(question).getByRole('button', { name: 'Remove' }));
    await waitFor(() => expect(all.downloads.download('d-paused')).toBeNull());
    await choose('gemma-3-4b-it-Q5_K_M.gguf');
    await waitFor(() => expect(all.downloads.download('d-turn')).toBeNull());
  });

  it('has the way out of each error in its row', async () => {
    const { all, user, closed } = await opened();
    await user.click(screen.getByRole('button', { name: 'Free space' }));
    expect([all.navigation.view, all.navigation.libraryPlace]).toEqual(['library', 'disk']);
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect([all.navigation.view, all.navigation.settingsRow]).toEqual(['settings', 'account']);
    await user.click(screen.getByRole('button', { name: 'Open its page' }));
    expect([all.navigation.view, all.navigation.repository]).toEqual(['discover', 'meta-llama/Llama-3.2-3B-Instruct-GGUF']);
    expect(closed()).toBe(3);
  });

  it('turns the offline switch off when that is what stopped it', async () => {
    const error = { code: 'offline', message: 'the offline switch is on', hint: null, trace_id: '' } as const;
    const { backend, user } = await opened([scriptedDownload('d', { state: { type: 'paused', error } })]);
    backend.settings.network.offline = true;
    await user.click(screen.getByRole('button', { name: 'Go online' }));
    await waitFor(() => expect(backend.calls.at(-1)).toEqual({ command: 'download_resume', request: { id: 'd' } }));
    expect(backend.settings.network.offline).toBe(false);
  });

  it('shows each file of a model in several files', async () => {
    const { user } = await opened();
    const toggle = screen.getByRole('button', { name: '1 of 3 files whole' });
    expect(toggle.getAttribute('aria-expanded')).toBe('false');
    await user.click(toggle);
    expect(screen.getByRole('progressbar', { name: /Progress of .*00002-of-00003/ }).getAttribute('aria-valuenow')).toBe('14');
  });

  it('loads what is finished, then chats with it, and clears the list', async () => {
    const { all, backend, user } = await opened();
    await user.click(screen.getByRole('button', { name: 'Load Llama 3.2 3B Instruct' }));
    expect(await screen.findByText('Loading, 0%')).toBeTruthy();
    backend.emit({ type: 'loaded_changed', loaded: { ...backend.loaded.get('m-llama')!, state: { type: 'ready' } } });
    await user.click(await screen.findByRole('button', { name: 'Chat with Llama 3.2 3B Instruct' }));
    await waitFor(() => expect(all.navigation.conversationId).not.toBeNull());
    await user.click(screen.getByRole('button', { name: 'Clear' }));
    await waitFor(() => expect(all.downloads.finished).toHaveLength(0));
    expect(all.models.model('m-llama')).not.toBeNull();
  });

  it('teaches what to do when it is empty', async () => {
    const { all, user } = await opened([]);
    await user.click(screen.getByRole('button', { name: 'Find a model' }));
    expect(all.navigation.view).toBe('discover');
  });
});
