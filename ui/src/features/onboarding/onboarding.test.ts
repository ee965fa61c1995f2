import { describe, expect, it, vi } from 'vitest';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { scriptedModels, STATUS } from '$/lib/backend/scripted/models';
import type { Download, Model } from '$/gen/protocol';
import { Sirocco, siroccoContext } from '$/lib/state';
import { comfortableSize } from './machine';
import Onboarding from './Onboarding.svelte';

async function opened() {
  const backend = new ScriptedBackend({ models: [], conversations: 0 });
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  const onDone = vi.fn();
  render(Onboarding, { props: { onDone }, context: siroccoContext(all) });
  return { all, backend, onDone, user: userEvent.setup() };
}

describe('what a machine can run', () => {
  const machine = (gib: number) => ({ ...STATUS.machine, available_bytes: gib * 1024 ** 3 });

  it('follows from the memory that is free', () => {
    expect(comfortableSize(machine(9.4))).toBe(12);
    expect(comfortableSize(machine(4))).toBe(4);
    expect(comfortableSize(machine(1.1))).toBeNull();
  });
});

describe('the first start', () => {
  it('tells what the machine is and offers a model with its size', async () => {
    await opened();
    expect(screen.getByText('AMD Ryzen 7 7840U, 8 cores')).toBeTruthy();
    expect(screen.getByText(/up to about 12 billion parameters/)).toBeTruthy();
    expect(await screen.findByRole('button', { name: 'Download, 491 MB' })).toBeTruthy();
  });

  it('downloads, loads by itself and opens a chat with the model', async () => {
    const { all, backend, onDone, user } = await opened();
    await user.click(await screen.findByRole('button', { name: 'Download, 491 MB' }));
    const download = backend.downloads.get('d-starter') as Download;
    backend.emit({ type: 'download_changed', download: { ...download, done_bytes: 245_700_032, bytes_per_second: 20e6, seconds_left: 13 } });
    expect(await screen.findByText(/50% · 246 MB of 491 MB · 20.0 MB\/s · 13 s left/)).toBeTruthy();

    const [model] = scriptedModels() as [Model];
    backend.models.set(model.id, model);
    backend.emit({ type: 'model_changed', model });
    backend.emit({ type: 'download_changed', download: { ...download, state: { type: 'finished', model_id: model.id } } });
    await waitFor(() => expect(all.models.loadedState(model.id)?.state.type).toBe('loading'));
    const loaded = backend.loaded.get(model.id)!;
    backend.emit({ type: 'loaded_changed', loaded: { ...loaded, state: { type: 'ready' } } });
    await waitFor(() => expect(onDone).toHaveBeenCalledOnce());
    expect(backend.stored.get(all.navigation.conversationId ?? '')?.conversation.model_id).toBe(model.id);
  });

  it('leads to other models for who does not want that one', async () => {
    const { all, onDone, user } = await opened();
    await user.click(await screen.findByRole('button', { name: 'Other models' }));
    expect(onDone).toHaveBeenCalledOnce();
    expect(all.navigation.view).toBe('discover');
  });

  it('pauses and resumes', async () => {
    const { user, backend } = await opened();
    await user.click(await screen.findByRole('button', { name: 'Download, 491 MB' }));
    await user.click(await screen.findByRole('button', { name: 'Pause' }));
    expect(await screen.findByText(/Paused/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Resume' }));
    await waitFor(() => expect(backend.downloads.get('d-starter')?.state.type).toBe('downloading'));
  });

  it('shows why a download failed with the way out in the row itself', async () => {
    const { backend, user } = await opened();
    await user.click(await screen.findByRole('button', { name: 'Download, 491 MB' }));
    const download = backend.downloads.get('d-starter') as Download;
    const error = { code: 'disk_full', message: 'the disk is full', hint: 'free 300 MB; what is there is kept', trace_id: '' } as const;
    backend.emit({ type: 'download_changed', download: { ...download, state: { type: 'failed', error } } });
    expect((await screen.findByRole('alert')).textContent).toContain('The disk is full.');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(backend.calls.some((call) => call.command === 'download_resume')).toBe(true));
  });

  it('can be tried again when the download cannot even start', async () => {
    const { backend, user } = await opened();
    backend.fail('starter_download', { code: 'network', message: 'huggingface.co does not answer' });
    await user.click(await screen.findByRole('button', { name: 'Download, 491 MB' }));
    expect(await screen.findByText('Huggingface.co does not answer.')).toBeTruthy();
    backend.succeed('starter_download');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('progressbar', { name: /Progress of/ })).toBeTruthy();
  });
});
