import { describe, expect, it } from 'vitest';
import { screen, waitFor, within } from '@testing-library/svelte';
import { asked, opened } from './opened';

async function shown(host: 'window' | 'browser' = 'window') {
  const state = await opened('llama.cpp', { host });
  const list = await screen.findByRole('list', { name: 'Runtimes' });
  await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(3));
  return { ...state, list };
}

describe('runtimes', () => {
  it('that came with the app stay, and one that was added is removed once that is confirmed', async () => {
    const { backend, list, user } = await shown();
    expect(list.textContent).toContain('cannot be used: the driver of NVIDIA’s cards was not found');
    const removes = within(list).getAllByRole('button');
    expect(removes.map((button) => button.getAttribute('aria-label'))).toEqual(['Remove mistral.rs · CUDA (baseline)']);
    await user.click(removes[0]!);
    expect(asked(backend, 'runtime_remove')).toEqual([]);
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Remove' }));
    await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(2));
    expect(asked(backend, 'runtime_remove')).toEqual([{ key: 'mistralrs-cuda-baseline' }]);
  });

  it('are added from a file that is picked, and are there at once', async () => {
    const { all, backend, list, user } = await shown();
    await user.click(screen.getByRole('button', { name: 'Add a runtime from a file…' }));
    expect(await within(list).findByText(/^llama\.cpp 0\.1\.161 · CPU \(x86-64-v3\)/)).toBeTruthy();
    expect(asked(backend, 'path_pick')).toEqual([{ kind: 'runtime' }]);
    expect(asked(backend, 'runtime_add')).toEqual([{ handle: '/picked' }]);
    expect(all.toasts.items.map((toast) => toast.text)).toEqual(['Added: llama.cpp 0.1.161 · CPU (x86-64-v3)']);
  });

  it('in a browser are added by a path, and a file that is none is told of under it', async () => {
    const { backend, list, user } = await shown('browser');
    const path = screen.getByRole('textbox', { name: 'Path of a runtime' });
    const add = screen.getByRole('button', { name: 'Add' });
    backend.fail('runtime_add', { code: 'file_problem', message: 'there is no worker in `/tmp/a.tar.gz`' });
    await user.type(path, '/tmp/a.tar.gz');
    await user.click(add);
    expect(await screen.findByText('There is no worker in `/tmp/a.tar.gz`.')).toBeTruthy();
    expect(within(list).getAllByRole('listitem')).toHaveLength(3);
    backend.succeed('runtime_add');
    await user.click(add);
    await waitFor(() => expect(within(list).getAllByRole('listitem')).toHaveLength(4));
  });
});
