import { render, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { UpdateState } from '$/gen/protocol';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { RELEASE } from '$/lib/backend/scripted/updates';
import { Sirocco, siroccoContext } from '$/lib/state';
import { SettingsSearch } from '../search.svelte';
import SettingsPage from '../SettingsPage.svelte';

/** The row of the version, in a program that knows where releases are unless `state` is null. */
async function opened(state: UpdateState | null = { type: 'unknown' }) {
  const user = userEvent.setup();
  const backend = new ScriptedBackend(state ? { updates: { is_possible: true, state } } : {});
  const all = new Sirocco(backend);
  await all.reload();
  const search = new SettingsSearch();
  search.query = 'version';
  render(SettingsPage, { props: { search }, context: siroccoContext(all) });
  const asked = (command: string) => backend.calls.filter((call) => call.command === command).map((call) => call.request);
  return { backend, user, asked };
}

const button = (name: string) => screen.findByRole('button', { name });

describe('the check for updates', () => {
  it('is not shown in a program that was built without an address', async () => {
    const { asked } = await opened(null);
    await waitFor(() => expect(asked('update_get')).toHaveLength(1));
    expect(screen.queryByText('Check for updates')).toBeNull();
  });

  it('is off, asks nothing by itself, and asks at once when it is switched on', async () => {
    const { asked, backend, user } = await opened();
    const toggle = await screen.findByRole('switch', { name: 'Check for updates' });
    expect(toggle.getAttribute('aria-checked')).toBe('false');
    expect(asked('update_check')).toEqual([]);
    await user.click(toggle);
    await waitFor(() => expect(backend.settings.check_updates).toBe(true));
    await waitFor(() => expect(asked('update_check')).toHaveLength(1));
  });

  it('waits for the person before it downloads and before it restarts', async () => {
    const { asked, user } = await opened();
    await user.click(await button('Check now'));
    await screen.findByText('Sirocco 0.2.0 is there');
    await user.click(screen.getByText('What is new'));
    await screen.findByText(/Answers begin sooner/);
    expect(asked('update_download')).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Download' }));
    await user.click(await button('Install and restart'));
    const dialog = await screen.findByRole('dialog', { name: 'Install Sirocco 0.2.0?' });
    expect(asked('update_install')).toEqual([]);
    await user.click(within(dialog).getByRole('button', { name: 'Install and restart' }));
    expect(asked('update_install')).toEqual([{ version: '0.2.0' }]);
  });

  it('only leads to the package where the app may not replace itself', async () => {
    await opened({ type: 'found', release: { ...RELEASE, installs_itself: false } });
    const link = await screen.findByRole('link', { name: /Download the package/ });
    expect(link.getAttribute('href')).toBe(RELEASE.package);
    expect(screen.queryByRole('button', { name: 'Download' })).toBeNull();
  });

  it('shows how far a download is', async () => {
    await opened({ type: 'downloading', release: RELEASE, done_bytes: 50_000_000, total_bytes: 200_000_000 });
    const bar = await screen.findByRole('progressbar', { name: 'Sirocco 0.2.0 is being downloaded' });
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
  });

  it('says that this is the newest version', async () => {
    await opened({ type: 'newest', checked_at_ms: Date.UTC(2026, 8, 20) });
    await screen.findByText(/This is the newest version, as of/);
  });

  it('says what failed, and tries that again', async () => {
    const error = { code: 'file_problem', message: 'the new version cannot be installed', hint: null, trace_id: '' } as const;
    const { asked, user } = await opened({ type: 'failed', error, release: RELEASE });
    await screen.findByText('The new version cannot be installed.');
    await user.click(await button('Try again'));
    expect(asked('update_download')).toEqual([{ version: '0.2.0' }]);
  });
});
