// @vitest-environment jsdom
/** The Developer page against axe-core; contrast needs a layout and is checked over the tokens. */
import axe from 'axe-core';
import { describe, expect, it } from 'vitest';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { SETTINGS } from '$/lib/backend/scripted/models';
import { Sirocco, siroccoContext } from '$/lib/state';
import ServerPage from './ServerPage.svelte';

async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    resultTypes: ['violations'],
    // Parts are rendered without the frame, which has the landmarks.
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
}

// Axe draws letters to tell icon fonts; there is nothing to draw on, and there are none.
HTMLCanvasElement.prototype.getContext = () => null;

// A run over a whole page takes seconds on a machine that is busy.
describe('the Developer page has no violations of axe', { timeout: 60_000 }, () => {
  it('with the server on for the network, requests, a token being made and a request being written', async () => {
    const server = { ...SETTINGS.server, enabled: true, lan: true };
    const backend = new ScriptedBackend({ requests: 4, settings: { theme: 'light', server } });
    const all = new Sirocco(backend);
    all.start();
    await waitFor(() => expect(all.app.boot.type).toBe('ready'));
    render(ServerPage, { context: siroccoContext(all) });
    await screen.findByText('http://127.0.0.1:1234');
    expect(await violations()).toEqual([]);
    const user = userEvent.setup();
    await user.click(screen.getByRole('button', { name: 'New token' }));
    await screen.findByRole('dialog', { name: 'New token' });
    expect(await violations()).toEqual([]);
    await user.keyboard('{Escape}');
    await user.click(screen.getByRole('button', { name: 'New request' }));
    await screen.findByRole('dialog', { name: 'New request' });
    expect(await violations()).toEqual([]);
  });
});
