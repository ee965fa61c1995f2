// @vitest-environment jsdom
/** The screens of Discover against axe-core; contrast needs a layout and is checked over the tokens. */
import { describe, expect, it } from 'vitest';
import { render, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { violations } from '$/lib/axe';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import DiscoverColumn from './DiscoverColumn.svelte';
import DiscoverPage from './DiscoverPage.svelte';
import { HubBrowser } from './state/browser.svelte';

async function started(repository: string | null, prepare: (backend: ScriptedBackend) => void = () => {}) {
  const backend = new ScriptedBackend({ settings: { theme: 'light' } });
  prepare(backend);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => expect(all.app.boot.type).toBe('ready'));
  all.navigation.repository = repository;
  const browser = new HubBrowser(backend, 'test');
  return { browser, context: siroccoContext(all), props: { browser } };
}

// A run over a whole page takes seconds on a machine that is busy.
describe('Discover has no violations of axe', { timeout: 60_000 }, () => {
  it('in the list, and in its filters', async () => {
    const { browser, context, props } = await started(null);
    render(DiscoverColumn, { props, context });
    await waitFor(() => expect(browser.state.type).toBe('ready'));
    expect(await violations()).toEqual([]);
    await userEvent.setup().click(screen.getByRole('button', { name: 'Filters, 1 active' }));
    await screen.findByLabelText('Filters', undefined, { timeout: 20_000 });
    expect(await violations()).toEqual([]);
  });

  it('while the network is off', async () => {
    const { browser, context, props } = await started(null, (backend) => backend.fail('hub_search', { code: 'offline' }));
    render(DiscoverColumn, { props, context });
    await waitFor(() => expect(browser.state.type).toBe('failed'));
    expect(await violations()).toEqual([]);
  });

  it('in the catalogue', async () => {
    const { context, props } = await started(null);
    render(DiscoverPage, { props, context });
    await screen.findByRole('heading', { level: 1, name: 'Chosen for this machine' });
    await screen.findByRole('button', { name: 'Phi 4 Mini' });
    expect(await violations()).toEqual([]);
  });

  it('on the page of a repository, everything opened', async () => {
    const { context, props } = await started('google/gemma-3-4b-it-qat-q4_0-gguf');
    render(DiscoverPage, { props, context });
    await screen.findByRole('row', { name: /^Q4_K_M/ });
    await screen.findByText('Published scores');
    for (const fold of document.querySelectorAll('summary')) await userEvent.setup().click(fold);
    await screen.findByRole('region', { name: 'Metadata' });
    expect(await violations()).toEqual([]);
  });

  it('on a page that does not answer', async () => {
    const { context, props } = await started('a/b', (backend) => backend.fail('hub_model', { code: 'gated', hint: 'accept at https://hub.example/a/b' }));
    render(DiscoverPage, { props, context });
    await screen.findByRole('link', { name: /Accept on the Hub/ });
    expect(await violations()).toEqual([]);
  });
});
