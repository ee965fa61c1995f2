import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { ServedRequest } from '$/gen/protocol';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ServerColumn from './ServerColumn.svelte';
import ServerPage from './ServerPage.svelte';
import { snippet } from './snippets';

async function opened(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend(options);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  render(ServerPage, { context: siroccoContext(all) });
  // The clipboard is the one that `userEvent` puts into the page.
  const user = userEvent.setup();
  await waitFor(() => expect(backend.calls.some((call) => call.command === 'token_list')).toBe(true));
  return { all, backend, user };
}

const REQUEST: ServedRequest = {
  id: 9,
  at_ms: 0,
  route: 'POST /api/generate',
  model: 'tiny',
  client: null,
  status: null,
  prompt_tokens: null,
  completion_tokens: null,
  duration_ms: null,
};

describe('the Developer page', { timeout: 20_000 }, () => {
  it('serves with one switch, and gives the address to copy', async () => {
    const { backend, user } = await opened();
    expect(screen.getByText('The server is off')).toBeTruthy();
    await user.click(screen.getByRole('switch', { name: 'Serve models to other programs' }));
    await waitFor(() => expect(backend.settings.server.enabled).toBe(true));
    await user.click(await screen.findByRole('button', { name: 'Copy the address http://127.0.0.1:1234' }));
    expect(await navigator.clipboard.readText()).toBe('http://127.0.0.1:1234');
  });

  it('says why the server did not start', async () => {
    const { all, backend } = await opened();
    await all.app.updateSettings({ server: { ...backend.settings.server, enabled: true } });
    backend.emit({ type: 'server_changed', state: { type: 'failed', message: 'port 1234 is taken' } });
    expect((await screen.findByRole('alert')).textContent).toContain('port 1234 is taken');
  });

  it('listens at Ollama’s port with one more tick', async () => {
    const { backend, user } = await opened();
    await user.click(screen.getByRole('switch', { name: 'Serve models to other programs' }));
    await user.click(screen.getByRole('switch', { name: 'Also at Ollama’s port' }));
    await waitFor(() => expect(backend.settings.server.ollama_port).toBe(true));
    await screen.findByText('http://127.0.0.1:11434');
  });

  it('takes a port that is one, and origins with spaces between them', async () => {
    const { backend, user } = await opened();
    const port = screen.getByRole('textbox', { name: 'Port' });
    await user.clear(port);
    await user.type(port, '70000');
    await user.tab();
    expect((await screen.findByRole('alert')).textContent).toContain('between 1 and 65535');
    await user.clear(port);
    await user.type(port, '8080');
    await user.tab();
    await waitFor(() => expect(backend.settings.server.port).toBe(8080));
    await user.type(screen.getByRole('textbox', { name: 'Web pages that may ask' }), 'http://localhost:3000  app://obsidian.md');
    await user.tab();
    await waitFor(() => expect(backend.settings.server.cors_origins).toEqual(['http://localhost:3000', 'app://obsidian.md']));
  });

  it('warns of the network, and that nobody has a token yet', async () => {
    const { user } = await opened();
    await user.click(screen.getByRole('switch', { name: 'Serve the network' }));
    const warning = await screen.findByRole('note');
    expect(warning.textContent).toContain('not encrypted');
    expect(warning.textContent).toContain('make a token first');
  });

  it('makes a token, shows it once, and revokes it', async () => {
    const { backend, user } = await opened();
    await user.click(screen.getByRole('button', { name: 'New token' }));
    const dialog = await screen.findByRole('dialog', { name: 'New token' });
    await user.type(within(dialog).getByRole('textbox', { name: 'Name' }), 'laptop');
    await user.click(within(dialog).getByRole('switch', { name: 'Manage models' }));
    await user.click(within(dialog).getByRole('button', { name: 'Make token' }));
    await screen.findByText('sk-sirocco-0123456789abcdef');
    expect(backend.calls.find((call) => call.command === 'token_create')?.request).toEqual({
      name: 'laptop',
      scopes: ['generate', 'manage'],
      expires_at_ms: null,
    });
    await user.click(screen.getByRole('button', { name: 'Done' }));
    await waitFor(() => expect(screen.queryByText('sk-sirocco-0123456789abcdef')).toBeNull());
    await user.click(await screen.findByRole('button', { name: 'Revoke laptop' }));
    await user.click(within(await screen.findByRole('dialog', { name: 'Revoke “laptop”?' })).getByRole('button', { name: 'Revoke' }));
    await screen.findByText('No tokens yet');
  });

  it('keeps a refused name in its field, with the reason', async () => {
    const { backend, user } = await opened();
    backend.fail('token_create', { message: 'there is a token named `laptop` already' });
    await user.click(screen.getByRole('button', { name: 'New token' }));
    const dialog = await screen.findByRole('dialog', { name: 'New token' });
    await user.type(within(dialog).getByRole('textbox', { name: 'Name' }), 'laptop');
    await user.click(within(dialog).getByRole('button', { name: 'Make token' }));
    expect((await within(dialog).findByRole('alert')).textContent).toContain('already');
  });

  it('shows requests as they come and go, and one of them in full', async () => {
    const { backend, user } = await opened({ requests: 3 });
    await waitFor(() => expect(screen.getAllByRole('row')).toHaveLength(4));
    backend.emit({ type: 'request_changed', request: REQUEST });
    await screen.findByRole('cell', { name: 'running' });
    backend.emit({ type: 'request_changed', request: { ...REQUEST, status: 200, prompt_tokens: 1200, completion_tokens: 30, duration_ms: 1500 } });
    await screen.findByRole('cell', { name: /1,200 \+ 30/ });
    expect(screen.getAllByRole('row')).toHaveLength(5);
    await user.click(screen.getByRole('button', { name: /^POST \/api\/generate at/ }));
    const dialog = await screen.findByRole('dialog', { name: 'POST /api/generate' });
    expect(dialog.textContent).toContain('None: from this computer');
  });

  it('offers another try when nothing can be read', async () => {
    const backend = new ScriptedBackend();
    backend.fail('server_status', { message: 'no answer' });
    const all = new Sirocco(backend);
    all.start();
    await waitFor(() => expect(all.app.boot.type).toBe('ready'));
    render(ServerPage, { context: siroccoContext(all) });
    await screen.findByText(/No answer/);
    backend.succeed('server_status');
    await userEvent.setup().click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.queryByText(/No answer/)).toBeNull());
  });
});

describe('the column beside it', () => {
  it('shows what is loaded, and ejects it', async () => {
    const [id] = [...new ScriptedBackend().models.keys()] as [string];
    const all = new Sirocco(new ScriptedBackend({ loaded: [id] }));
    all.start();
    await waitFor(() => expect(all.models.loaded).toHaveLength(1));
    render(ServerColumn, { context: siroccoContext(all) });
    const name = all.models.model(id)?.name ?? '';
    await userEvent.setup().click(screen.getByRole('button', { name: `Eject ${name}` }));
    await screen.findByText('Nothing is loaded');
  });
});

describe('snippets', () => {
  it('name the address and the model, and no token', () => {
    for (const kind of ['curl', 'python', 'javascript', 'ollama'] as const) {
      const text = snippet(kind, { address: 'http://127.0.0.1:1234', model: 'tiny' });
      expect(text).toContain('http://127.0.0.1:1234');
      expect(text).toContain('tiny');
      expect(text).not.toContain('sk-');
    }
  });
});
