import { flushSync } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { Model } from '$/gen/protocol';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { scriptedModels } from '$/lib/backend/scripted/models';
import { Sirocco, siroccoContext } from '$/lib/state';
import DiscoverColumn from './DiscoverColumn.svelte';
import DiscoverPage from './DiscoverPage.svelte';
import { HubBrowser } from './state/browser.svelte';

// Looking for roles in a whole page takes seconds on a machine that is busy.
vi.setConfig({ testTimeout: 30_000 });

const CODER = 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF';

async function started(options: ScriptedOptions = {}, prepare: (backend: ScriptedBackend) => void = () => {}) {
  const backend = new ScriptedBackend(options);
  prepare(backend);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.models.state.type).toBe('ready'));
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  const browser = new HubBrowser(backend, 'test');
  return { all, backend, browser, user: userEvent.setup(), context: siroccoContext(all) };
}

async function column(options: ScriptedOptions = {}, prepare?: (backend: ScriptedBackend) => void) {
  const here = await started(options, prepare);
  render(DiscoverColumn, { props: { browser: here.browser }, context: here.context });
  await waitFor(() => expect(here.browser.state.type).not.toBe('loading'));
  return here;
}

async function page(repository: string | null, options: ScriptedOptions = {}, prepare?: (backend: ScriptedBackend) => void) {
  const here = await started(options, prepare);
  here.all.navigation.repository = repository;
  render(DiscoverPage, { props: { browser: here.browser }, context: here.context });
  return here;
}

/** Cards have tables too, so rows are looked for in that of the files. */
const files = (name = 'Files') => screen.findByRole('table', { name });
const rowOf = (quantization: string) =>
  within(screen.getByRole('table', { name: 'Files' })).getByRole('row', { name: new RegExp(`^${quantization}\\b`) });

describe('the list of Discover', () => {
  it('begins with what was chosen for this machine, then what is trending', async () => {
    await column();
    const headings = screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent);
    expect(headings).toEqual(['Chosen for this machine', 'Trending']);
    expect(screen.getByText('Qwen2.5 Coder 0.5B')).toBeTruthy();
  });

  it('says of each result whether it runs and fits, with the reason for whoever does not see it', async () => {
    const { browser } = await column();
    browser.clearFilters();
    await waitFor(() => expect(screen.getByRole('button', { name: /gemma-3-4b/ })).toBeTruthy());
    const gemma = screen.getByRole('button', { name: /gemma-3-4b/ });
    expect(gemma.textContent).toMatch(/Does not run.*Fits.*architecture `gemma3` is not supported.*/is);
    expect(gemma.textContent).toContain('The authors ask to accept their conditions first');
    expect(screen.getByRole('button', { name: /gpt-oss/ }).textContent).toContain('Too large');
  });

  it('searches as one types, and opens the first result with Enter', async () => {
    const { all, user, browser } = await column();
    const field = screen.getByRole('searchbox', { name: 'Search Hugging Face' });
    await user.type(field, 'smollm2 360m');
    await waitFor(() => expect(browser.answered).toBe('smollm2 360m'));
    expect(screen.queryByText('Chosen for this machine')).toBeNull();
    await user.keyboard('{Enter}');
    expect(all.navigation.repository).toBe('HuggingFaceTB/SmolLM2-360M-Instruct-GGUF');
    expect(all.navigation.view).toBe('discover');
  });

  it('finds a repository by a pasted address', async () => {
    const { user, browser } = await column();
    await user.click(screen.getByRole('searchbox'));
    await user.paste('https://huggingface.co/microsoft/Phi-4-mini-instruct-gguf/tree/main');
    await waitFor(() => expect(browser.results.map((one) => one.repository)).toEqual(['microsoft/Phi-4-mini-instruct-gguf']));
  });

  it('is walked with arrow keys, past the headings, and is one stop for Tab', async () => {
    const { user, browser } = await column();
    const focused = () => document.activeElement?.id;
    await user.click(screen.getByRole('searchbox'));
    await user.keyboard('{ArrowDown}');
    await waitFor(() => expect(focused()).toBe('discover-row-1'));
    for (const _ of [1, 2, 3]) await user.keyboard('{ArrowDown}');
    // Row 4 is the heading of the results.
    await waitFor(() => expect(focused()).toBe('discover-row-5'));
    await user.keyboard('{ArrowUp}');
    await waitFor(() => expect(focused()).toBe('discover-row-3'));
    const stops = screen.getAllByRole('listitem').flatMap((item) => [...item.querySelectorAll('[id^=discover-row][tabindex="0"]')]);
    expect(stops).toHaveLength(1);
    expect(browser.results.length).toBeGreaterThan(0);
  });

  it('marks what is in the library already, also what arrives later', async () => {
    const { all, backend } = await column();
    const [model] = scriptedModels() as [Model];
    const source = { repository: CODER, commit: 'c', path: 'x.gguf' };
    backend.emit({ type: 'model_changed', model: { ...model, id: 'm-new', source } });
    await waitFor(() => expect(all.models.model('m-new')).not.toBeNull());
    flushSync();
    expect(screen.getByRole('button', { name: /^Qwen2.5-Coder-1.5B-Instruct.*In the library/ })).toBeTruthy();
  });

  it('shows which filters hold, and takes one back', async () => {
    const { user, backend, browser } = await column();
    await user.click(screen.getByRole('button', { name: 'Remove filter: Runs here' }));
    await waitFor(() => expect(browser.busy).toBe(false));
    await user.click(screen.getByRole('button', { name: 'Fits' }));
    await waitFor(() => expect(screen.getByRole('button', { name: 'Remove filter: Fits' })).toBeTruthy());
    expect(backend.calls.at(-1)?.request).toMatchObject({ filters: { runs_here: false, fits_here: true } });
  });

  it('offers every filter in one panel', async () => {
    const { user, backend } = await column();
    await user.click(screen.getByRole('button', { name: 'Filters, 1 active' }));
    const panel = await screen.findByRole('dialog', { name: 'Filters' });
    for (const name of ['Runs here', 'Fits', 'Uses tools', 'Thinks first']) expect(within(panel).getByRole('switch', { name })).toBeTruthy();
    for (const name of ['Architecture', 'Licence', 'Access', 'Language']) {
      expect(within(panel).getByLabelText(new RegExp(`^${name}: `))).toBeTruthy();
    }
    expect(within(panel).getByRole('slider', { name: 'At least' })).toBeTruthy();
    await user.click(within(panel).getByRole('switch', { name: 'Uses tools' }));
    expect(backend.calls.at(-1)?.request).toMatchObject({ filters: { tools: true } });
    await user.click(within(panel).getByRole('button', { name: 'Clear all' }));
    expect(backend.calls.at(-1)?.request).toMatchObject({ filters: { tools: false, runs_here: false } });
  });

  it('leads out of filters that leave nothing', async () => {
    const { user, browser } = await column();
    await user.type(screen.getByRole('searchbox'), 'gpt-oss');
    expect(await screen.findByText('Nothing matches “gpt-oss”')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Search without filters' }));
    await waitFor(() => expect(browser.results.length).toBeGreaterThan(0));
  });

  it('shows the whole catalogue while the network is off, and the ways out', async () => {
    const offline = { code: 'offline', message: 'the offline switch is on', hint: null } as const;
    const { all, backend, user, browser } = await column({}, (scripted) => scripted.fail('hub_search', offline));
    expect(screen.getByRole('alert').textContent).toContain('The offline switch is on.');
    expect(screen.getByText('SmolLM2 360M')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Open the network settings' }));
    expect(all.navigation.view).toBe('settings');
    backend.succeed('hub_search');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(browser.state.type).toBe('ready'));
  });

  it('asks again by itself when the offline switch is turned off', async () => {
    const here = await started({ settings: { network: { offline: true, endpoint: null, proxy: { type: 'system' }, extra_ca: null } } });
    const { all, backend, browser, context } = here;
    backend.fail('hub_search', { code: 'offline', message: 'the offline switch is on' });
    render(DiscoverColumn, { props: { browser }, context });
    await waitFor(() => expect(browser.state.type).toBe('failed'));
    backend.succeed('hub_search');
    await all.app.updateSettings({ network: { ...all.app.settings!.network, offline: false } });
    await waitFor(() => expect(browser.state.type).toBe('ready'));
  });

  it('keeps what it has when the next page does not come', async () => {
    const { backend, browser, user } = await column();
    // Everything is in sight here, so pages follow each other until one fails.
    backend.fail('hub_search', { code: 'network', message: 'the Hub asks to wait 55 seconds' });
    browser.setSort('likes');
    await waitFor(() => expect(browser.state.type).toBe('failed'));
    backend.succeed('hub_search');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(browser.results.length).toBeGreaterThan(20));
  });
});

describe('the catalogue', () => {
  it('starts a download from its card, and opens the page behind it', async () => {
    const { all, backend, user } = await page(null);
    await user.click(await screen.findByRole('button', { name: /^Download Phi 4 Mini, / }));
    expect(backend.calls.findLast((call) => call.command === 'download_start')?.request).toMatchObject({ repository: 'microsoft/Phi-4-mini-instruct-gguf', commit: null });
    await user.click(screen.getByRole('button', { name: 'Phi 4 Mini' }));
    expect(all.navigation.repository).toBe('microsoft/Phi-4-mini-instruct-gguf');
  });
});

describe('the page of a repository', () => {
  it('shows the files with what each takes, and marks the one to take', async () => {
    await page(CODER);
    await files();
    const row = rowOf('Q4_K_M');
    expect(row.textContent).toContain('Recommended');
    expect(within(row).getByRole('button', { name: 'Download Qwen2.5-Coder-1.5B-Instruct-GGUF Q4_K_M, 934 MB' })).toBeTruthy();
    await waitFor(() => expect(within(row).getByText('Fits')).toBeTruthy());
    expect(within(row).getByRole('img', { name: 'Scanned by the Hub: nothing found' })).toBeTruthy();
  });

  it('takes one button from the download to the chat', async () => {
    const { all, backend, user } = await page(CODER);
    await files();
    const button = () => within(rowOf('Q4_K_M')).getByRole('button');
    await user.click(button());
    await waitFor(() => expect(button().textContent?.trim()).toBe('Pause'));
    await user.click(button());
    await waitFor(() => expect(button().textContent?.trim()).toBe('Resume'));
    await user.click(button());
    await waitFor(() => expect(button().textContent?.trim()).toBe('Pause'));

    const download = all.downloads.queue.find((one) => one.repository === CODER)!;
    backend.emit({ type: 'download_changed', download: { ...download, done_bytes: download.total_bytes * 0.62, seconds_left: 14, state: { type: 'downloading' } } });
    const bar = await within(rowOf('Q4_K_M')).findByRole('progressbar');
    await waitFor(() => expect(bar.getAttribute('aria-valuenow')).toBe('62'));
    expect(rowOf('Q4_K_M').textContent).toContain('62% · 14 s');

    const [base] = scriptedModels() as [Model];
    const model = { ...base, id: 'm-new', source: { repository: CODER, commit: 'c', path: download.files[0]!.path } };
    backend.models.set(model.id, model);
    backend.emit({ type: 'model_changed', model });
    backend.emit({ type: 'download_changed', download: { ...download, state: { type: 'finished', model_id: 'm-new' } } });
    await waitFor(() => expect(button().textContent?.trim()).toBe('Load'));
    await user.click(button());
    await waitFor(() => expect(backend.calls.findLast((call) => call.command === 'model_load')?.request).toMatchObject({ id: 'm-new', options: { context_length: 8192 } }));
    backend.emit({ type: 'loaded_changed', loaded: { ...backend.loaded.get('m-new')!, state: { type: 'ready' } } });
    await waitFor(() => expect(button().textContent?.trim()).toBe('Chat'));
    await user.click(button());
    await waitFor(() => expect(all.navigation.view).toBe('chat'));
  });

  it('shows what stopped a download under its row, with the way out', async () => {
    const { all, backend, user } = await page(CODER);
    await files();
    backend.fail('download_start', { code: 'token_needed', message: 'the Hub wants a token', hint: 'add one in the settings' });
    await user.click(within(rowOf('Q4_K_M')).getByRole('button'));
    expect((await screen.findByRole('alert')).textContent).toContain('The Hub wants a token.');
    await user.click(screen.getByRole('button', { name: 'Open the account settings' }));
    expect(all.navigation.view).toBe('settings');
  });

  it('downloads what a scanner warns about only when a person insists', async () => {
    const { backend, user } = await page(CODER);
    await files();
    const started = () => backend.calls.some((call) => call.command === 'download_start');
    await user.click(within(rowOf('F16')).getByRole('button'));
    const dialog = await screen.findByRole('dialog');
    expect(dialog.textContent).toContain('ClamAV: Unix.Trojan.Test-1');
    expect(started()).toBe(false);
    await user.click(within(dialog).getByRole('button', { name: 'Download anyway' }));
    await waitFor(() => expect(started()).toBe(true));
  });

  it('keeps files that do not run and projectors apart, each with the reason', async () => {
    const { user } = await page(CODER);
    const fold = await screen.findByText('1 file that does not run here');
    expect(screen.queryByText('IQ4_XS')).toBeNull();
    await user.click(fold);
    expect((await screen.findByRole('row', { name: /^IQ4_XS/ })).textContent).toContain('Tensors of type IQ4_XS are not supported');
  });

  it('brings the file by which a model sees images along, unless it is told not to', async () => {
    const { backend, user } = await page(CODER, {}, (scripted) => {
      const call = scripted.call.bind(scripted);
      scripted.call = (async (command: 'hub_model', request: { repository: string }) => {
        const answer = await call(command, request);
        if (command !== 'hub_model') return answer;
        const projector = { path: 'mmproj-F16.gguf', size_bytes: 851_000_000, sha256: null };
        return { ...answer, variants: answer.variants.map((variant) => ({ ...variant, projector })) };
      }) as typeof scripted.call;
    });
    await files();
    const asked = () => backend.calls.filter((call) => call.command === 'download_start').map(({ request }) => (request as { projector?: string }).projector);
    const start = (row: string) => user.click(within(rowOf(row)).getByRole('button', { name: /^Download/ }));
    await start('Q4_K_M');
    await waitFor(() => expect(asked()).toHaveLength(1));
    expect(asked()[0]).toMatch(/^mmproj-/);
    await user.click(screen.getByRole('switch', { name: 'Download image readers along' }));
    expect(rowOf('Q8_0').textContent).not.toContain('image reader');
    await start('Q8_0');
    await waitFor(() => expect(asked()).toHaveLength(2));
    expect(asked()[1]).toBeUndefined();
  });

  it('renders the card through the door: no picture, no script, no address of another kind', async () => {
    await page(CODER);
    const card = await screen.findByRole('region', { name: 'Model card' });
    await waitFor(() => expect(within(card).getByText('Introduction')).toBeTruthy());
    expect(card.querySelectorAll('img, script, iframe, style, [onerror], [style*="url"]')).toHaveLength(0);
    const links = [...card.querySelectorAll('a')].map((link) => link.getAttribute('href') ?? '');
    expect(links.every((href) => href.startsWith('https://'))).toBe(true);
    expect(links.some((href) => href.endsWith('/LICENSE'))).toBe(true);
    expect(card.textContent).toContain('Pictures are not loaded from strangers');
    expect(document.title).not.toBe('owned');
  });

  it('shows the template with what is suspicious marked in it', async () => {
    const { user } = await page(CODER);
    expect(await screen.findByText(/The chat template of this file looks unusual/)).toBeTruthy();
    await user.click(screen.getByText('Chat template'));
    const template = await screen.findByRole('region', { name: 'Chat template' });
    expect([...template.querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual([
      "{%- if 'bank transfer' in message.content %}",
      'https://pay.example.net/now',
    ]);
  });

  it('says what a gated model asks for and where, before and after the Hub refuses', async () => {
    const gated = { code: 'gated', message: 'the conditions were not accepted', hint: null } as const;
    await page('meta-llama/Llama-3.1-8B-Instruct-GGUF', {}, (scripted) => {
      scripted.fail('hub_card', gated);
      scripted.fail('hub_header', gated);
      scripted.fail('hub_fit', gated);
    });
    expect(await screen.findByText('The authors ask you to accept their conditions')).toBeTruthy();
    const links = await screen.findAllByRole('link', { name: /Accept on the Hub/ });
    expect(links.every((link) => link.getAttribute('href') === 'https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct-GGUF')).toBe(true);
    // One refusal, told once: in place of the card.
    await waitFor(() => expect(screen.getAllByRole('alert')).toHaveLength(1));
  });

  it('falls back on the catalogue when the Hub does not answer', async () => {
    const { backend, user, browser } = await page('microsoft/Phi-4-mini-instruct-gguf', {}, (scripted) => scripted.fail('hub_model', { code: 'network', message: 'no answer' }));
    browser.open();
    expect(await screen.findByText('Careful with mathematics and logic for its size.')).toBeTruthy();
    backend.succeed('hub_model');
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await files();
    expect(rowOf('Q4_K_M')).toBeTruthy();
  });

  it('leads from a repository without GGUF files to a search for some', async () => {
    const { browser, user } = await page(CODER, {}, (scripted) => {
      const call = scripted.call.bind(scripted);
      scripted.call = (async (command: 'hub_model', request: { repository: string }) => {
        const answer = await call(command, request);
        return command === 'hub_model' ? { ...answer, variants: [] } : answer;
      }) as typeof scripted.call;
    });
    await user.click(await screen.findByRole('button', { name: 'Search for “Qwen2.5-Coder-1.5B-Instruct”' }));
    await waitFor(() => expect(browser.answered).toBe('Qwen2.5-Coder-1.5B-Instruct'));
  });
});
