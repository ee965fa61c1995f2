import { waitFor } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import type { Download, DownloadState, LoadedModel, Model } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedDownload } from '$/lib/backend/scripted/downloads';
import { scriptedModels } from '$/lib/backend/scripted/models';
import { Sirocco } from '$/lib/state';
import { FileOffer, stepOf } from './offer.svelte';

const [base] = scriptedModels() as [Model];
const download = (state: DownloadState): Download => scriptedDownload('d', { total_bytes: 100, done_bytes: 40, state });
const error = { code: 'disk_full', message: 'the disk is full', hint: null, trace_id: '' } as const;
const FILE = { repository: 'o/n', commit: 'c0ffee', path: 'a-Q4_K_M.gguf', name: 'n Q4_K_M', modelId: null };

async function offered() {
  const backend = new ScriptedBackend();
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.models.state.type).toBe('ready'));
  const offer = new FileOffer(all, FILE);
  return { all, backend, offer };
}

describe('where a file stands', () => {
  it('follows its download', () => {
    const of = (state: DownloadState) => stepOf(null, null, download(state));
    expect(stepOf(null, null, null)).toEqual({ type: 'absent' });
    expect(of({ type: 'queued', reason: 'turn', until_ms: null, error: null })).toEqual({ type: 'waiting', reason: 'turn', share: 0.4 });
    expect(of({ type: 'resolving' })).toEqual({ type: 'resolving' });
    expect(of({ type: 'downloading' })).toEqual({ type: 'arriving', share: 0.4, seconds_left: null });
    expect(of({ type: 'verifying' })).toEqual({ type: 'checking' });
    expect(of({ type: 'paused', error: null })).toEqual({ type: 'paused', share: 0.4, error: null });
    expect(of({ type: 'failed', error })).toEqual({ type: 'failed', share: 0.4, error });
  });

  it('is to be downloaded again when its model was deleted since', () => {
    expect(stepOf(null, null, download({ type: 'finished', model_id: 'gone' }))).toEqual({ type: 'absent' });
  });

  it('is what its model is, once that is in the library', () => {
    const loaded = (state: LoadedModel['state']) => ({ state }) as LoadedModel;
    const late = download({ type: 'downloading' });
    expect(stepOf(base, null, late).type).toBe('here');
    expect(stepOf(base, loaded({ type: 'loading', progress: 0.3 }), null)).toMatchObject({ type: 'loading', progress: 0.3 });
    expect(stepOf(base, loaded({ type: 'ready' }), null).type).toBe('ready');
    expect(stepOf(base, loaded({ type: 'failed', error }), null).type).toBe('here');
    expect(stepOf({ ...base, verdict: { type: 'missing' } }, null, null).type).toBe('refused');
  });
});

describe('the button of a file', () => {
  it('downloads at the commit that was shown, pauses and goes on', async () => {
    const { all, backend, offer } = await offered();
    await offer.start();
    expect(backend.calls.findLast((call) => call.command === 'download_start')?.request).toEqual({ repository: 'o/n', commit: 'c0ffee', path: 'a-Q4_K_M.gguf' });
    const [started] = all.downloads.queue.filter((one) => one.repository === 'o/n');
    expect(offer.download?.id).toBe(started?.id);
    await offer.pause();
    await waitFor(() => expect(offer.step.type).toBe('paused'));
    await offer.start();
    expect(backend.calls.at(-1)).toMatchObject({ command: 'download_resume', request: { id: started?.id } });
  });

  it('finds its model by where it came from', async () => {
    const { backend, offer } = await offered();
    const model = { ...base, id: 'm-new', source: { repository: 'o/n', commit: 'older', path: 'a-Q4_K_M.gguf' } };
    backend.models.set(model.id, model);
    backend.emit({ type: 'model_changed', model });
    await waitFor(() => expect(offer.step).toMatchObject({ type: 'here', model: { id: 'm-new' } }));
  });

  it('keeps what went wrong beside itself until the next press', async () => {
    const { backend, offer } = await offered();
    backend.fail('download_start', { code: 'gated', message: 'the authors ask first' });
    await offer.start();
    expect(offer.trouble?.code).toBe('gated');
    backend.succeed('download_start');
    await offer.start();
    expect(offer.trouble).toBeNull();
  });

  it('tells what stopped a download that was running', async () => {
    const { backend, offer } = await offered();
    const failed = scriptedDownload('d', { repository: 'o/n', name: FILE.path, state: { type: 'failed', error } });
    backend.emit({ type: 'download_changed', download: failed });
    await waitFor(() => expect(offer.trouble?.code).toBe('disk_full'));
  });

  it('offers to load anyway what does not fit, with the context chosen', async () => {
    const { all, backend, offer } = await offered();
    const model = { ...base, id: 'm-new', source: { repository: 'o/n', commit: 'c', path: FILE.path } };
    backend.models.set(model.id, model);
    backend.emit({ type: 'model_changed', model });
    await waitFor(() => expect(offer.model).not.toBeNull());
    backend.fail('model_load', { code: 'does_not_fit', message: 'it needs more memory than is free' });
    await offer.load(4096);
    const [toast] = all.toasts.items;
    expect(toast?.action?.label).toBe('Load anyway');
    backend.succeed('model_load');
    toast?.action?.run();
    await waitFor(() =>
      expect(backend.calls.at(-1)).toMatchObject({ command: 'model_load', request: { id: 'm-new', options: { context_length: 4096, load_anyway: true } } }),
    );
  });

  it('opens a chat with it', async () => {
    const { all, backend, offer } = await offered();
    const model = { ...base, id: 'm-new', source: { repository: 'o/n', commit: 'c', path: FILE.path } };
    backend.models.set(model.id, model);
    backend.emit({ type: 'model_changed', model });
    await waitFor(() => expect(offer.model).not.toBeNull());
    await offer.chat();
    expect(backend.calls.at(-1)).toMatchObject({ command: 'conversation_create', request: { model_id: 'm-new' } });
    expect(all.navigation.view).toBe('chat');
    expect(all.navigation.conversationId).not.toBeNull();
  });
});
