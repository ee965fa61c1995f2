import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { ServedRequest } from '$/gen/protocol';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import ServerColumn from './ServerColumn.svelte';
import ServerPage from './ServerPage.svelte';
import { example, ROUTES, withModel } from './examples';
import { program, snippet } from './snippets';

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
  is_kept: false,
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
    await user.click(within(dialog).getByLabelText(/^Requests: /));
    await user.click(await screen.findByRole('option', { name: '60 a minute' }));
    await user.click(within(dialog).getByRole('button', { name: 'Make token' }));
    await screen.findByText('sk-sirocco-0123456789abcdef');
    expect(backend.calls.find((call) => call.command === 'token_create')?.request).toEqual({
      name: 'laptop',
      scopes: ['generate', 'manage'],
      expires_at_ms: null,
      requests_per_minute: 60,
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

  it('keeps what is said only when that is wished', async () => {
    const { backend, user } = await opened();
    await user.click(screen.getByRole('switch', { name: 'Keep what is said' }));
    await waitFor(() => expect(backend.settings.server.keep_exchanges).toBe(true));
  });

  it('shows what was said in a request, and sends it again with another model', async () => {
    const { all, backend, user } = await opened({ requests: 3 });
    await user.click(await screen.findByRole('button', { name: /^POST \/v1\/chat\/completions at/ }));
    const drawer = await screen.findByRole('dialog', { name: 'POST /v1/chat/completions' });
    const request = await within(drawer).findByRole('region', { name: 'Request' });
    expect(request.textContent).toContain('"content": "Why is the sky blue?"');
    expect(within(drawer).getByRole('region', { name: 'Answer' }).textContent).toContain('Air scatters');
    await user.click(within(drawer).getByRole('button', { name: 'Change and send again' }));
    const editor = await screen.findByRole('dialog', { name: 'New request' });
    const other = all.models.models.find((one) => one.verdict.type === 'runs');
    await user.click(within(editor).getByLabelText(/^Model: /));
    await user.click(await screen.findByRole('option', { name: other?.name }));
    await user.click(within(editor).getByRole('button', { name: 'Send' }));
    await within(editor).findByText('200 · 412 ms');
    const sent = backend.calls.find((call) => call.command === 'server_send')?.request as { method: string; path: string; body: string };
    expect([sent.method, sent.path]).toEqual(['POST', '/v1/chat/completions']);
    expect(JSON.parse(sent.body)).toEqual({ model: other?.key, messages: [{ role: 'user', content: 'Why is the sky blue?' }], max_tokens: 200 });
  });

  it('stops a request that was sent from here', async () => {
    const { backend, user } = await opened();
    await user.click(screen.getByRole('button', { name: 'New request' }));
    const editor = await screen.findByRole('dialog', { name: 'New request' });
    const body = within(editor).getByRole('textbox', { name: 'Body, as JSON' });
    await user.clear(body);
    await user.type(body, '{{"stream": true}');
    await user.click(within(editor).getByRole('button', { name: 'Send' }));
    await user.click(await within(editor).findByRole('button', { name: 'Stop' }));
    await within(editor).findByText('200 · 900 ms');
    expect(backend.calls.some((call) => call.command === 'server_stop')).toBe(true);
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

describe('a request as a program', () => {
  const request = { method: 'POST', path: '/api/chat', body: `{"text": "it's “€”\\n"}` };

  it('is one word of the shell', () => {
    const lines = program('curl', 'http://127.0.0.1:1234', request).split(' \\\n  ');
    expect(lines[0]).toBe('curl -X POST http://127.0.0.1:1234/api/chat');
    expect(lines.at(-1)).toBe(String.raw`-d '{"text": "it'\''s “€”\n"}'`);
  });

  it('has no body where the request has none', () => {
    const listed = { method: 'GET', path: '/v1/models', body: '' };
    for (const kind of ['curl', 'python', 'javascript'] as const) {
      const text = program(kind, 'http://127.0.0.1:1234', listed);
      expect(text).toContain('http://127.0.0.1:1234/v1/models');
      expect(text).not.toMatch(/-d |data=|body:/);
    }
  });

  it('quotes its body as the language does', () => {
    const quoted = JSON.stringify(request.body);
    expect(program('python', '', request)).toContain(`data=${quoted}.encode()`);
    expect(program('javascript', '', request)).toContain(`body: ${quoted},`);
  });
});

describe('the example of a route', () => {
  it('is JSON for the model, or nothing where nothing is sent', () => {
    for (const route of ROUTES) {
      const { method, body } = example(route, 'tiny');
      if (method === 'GET') expect(body, route).toBe('');
      else expect((JSON.parse(body) as { model: string }).model, route).toBe('tiny');
    }
  });

  it('takes another model, unless it is no object', () => {
    expect(JSON.parse(withModel('{"model": "a", "n": 1}', 'b'))).toEqual({ model: 'b', n: 1 });
    expect(withModel('[1', 'b')).toBe('[1');
    expect(withModel('[1]', 'b')).toBe('[1]');
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
