import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import RuntimeStatus from './RuntimeStatus.svelte';

async function opened(blind: boolean) {
  const backend = new ScriptedBackend({ loaded: ['m-coder'] });
  const row = backend.stored.get('c-0')?.conversation.summary;
  if (row) Object.assign(row, { blind, running: blind });
  const state = new Sirocco(backend);
  state.start();
  await state.reload();
  render(RuntimeStatus, { context: siroccoContext(state) });
  await fireEvent.click(screen.getByRole('button', { name: /runtime/i }));
  return backend.models.get('m-coder')?.name ?? '';
}

describe('what is loaded', () => {
  it('is named', async () => {
    expect(await screen.findByText(await opened(false))).toBeTruthy();
  });

  it('is not named while it answers in a blind comparison', async () => {
    const name = await opened(true);
    expect(await screen.findByText('Hidden until the vote')).toBeTruthy();
    expect(document.body.innerHTML).not.toContain(name);
    expect(screen.queryByText(/GiB|GB/, { selector: '.small' })).toBeNull();
  });
});
