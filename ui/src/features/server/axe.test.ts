// @vitest-environment jsdom
/** The Developer page against axe-core; contrast needs a layout and is checked over the tokens. */
import { describe, expect, it } from 'vitest';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { violations } from '$/lib/axe';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { SETTINGS } from '$/lib/backend/scripted/models';
import { Sirocco, siroccoContext } from '$/lib/state';
import ServerPage from './ServerPage.svelte';

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
