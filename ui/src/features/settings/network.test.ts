import { describe, expect, it } from 'vitest';
import { render, screen, waitFor, within } from '@testing-library/svelte';
import { scriptedConnections } from '$/lib/backend/scripted/network';
import { ConnectionLog, troubleOf } from './connections.svelte';
import ConnectionsPage from './ConnectionsPage.svelte';
import { clockOf, minuteOf } from './hours';
import { opened, started } from './opened';
import { fromUnit, inUnit, unitFor } from './speed';

describe('figures of the settings', () => {
  it('turn a speed into bytes per second and back', () => {
    expect(fromUnit(10, 'Mbit')).toBe(1_250_000);
    expect(inUnit(1_250_000, 'MB')).toBe(1.25);
    expect(fromUnit(0.001, 'kB')).toBe(10_000);
    expect([unitFor(500_000), unitFor(10_000_000)]).toEqual(['kB', 'MB']);
  });

  it('turn times of day into minutes and back', () => {
    expect([clockOf(0), clockOf(1350)]).toEqual(['00:00', '22:30']);
    expect([minuteOf('22:30'), minuteOf('24:00'), minuteOf('7:75'), minuteOf('')]).toEqual([1350, null, null, null]);
  });
});

describe('network settings', () => {
  it('go offline with one switch', async () => {
    const { backend, user } = await opened('offline switch');
    await user.click(screen.getByRole('switch', { name: 'Offline' }));
    await waitFor(() => expect(backend.settings.network.offline).toBe(true));
  });

  it('take only addresses, and say what an address is', async () => {
    const { backend, user } = await opened('endpoint');
    const field = screen.getByRole('textbox', { name: 'Endpoint' });
    await user.type(field, 'ftp://mirror');
    await user.tab();
    expect((await screen.findByRole('alert')).textContent).toContain('http:// or https://');
    expect(backend.settings.network.endpoint).toBeNull();
    await user.clear(field);
    await user.type(field, 'https://mirror.example');
    await user.tab();
    await waitFor(() => expect(backend.settings.network.endpoint).toBe('https://mirror.example'));
    await user.click(await screen.findByRole('button', { name: 'Reset Endpoint to its default' }));
    await waitFor(() => expect(backend.settings.network.endpoint).toBeNull());
  });

  it('make a proxy a setting only once its address is known', async () => {
    const { backend, user } = await opened('socks');
    screen.getByLabelText('Proxy: As the system').focus();
    await user.keyboard('{Enter}');
    await user.click(await screen.findByRole('option', { name: 'This one' }));
    expect(backend.settings.network.proxy.type).toBe('system');
    await user.type(await screen.findByRole('textbox', { name: 'Address of the proxy' }), 'socks5://127.0.0.1:1080');
    await user.tab();
    await waitFor(() => expect(backend.settings.network.proxy).toEqual({ type: 'manual', url: 'socks5://127.0.0.1:1080' }));
  });

  it('keep a refused address in its field', async () => {
    const { all, backend, user } = await opened('socks');
    backend.fail('settings_set', { message: 'no such scheme' });
    screen.getByLabelText('Proxy: As the system').focus();
    await user.keyboard('{Enter}');
    await user.click(await screen.findByRole('option', { name: 'This one' }));
    await user.type(await screen.findByRole('textbox', { name: 'Address of the proxy' }), 'http://proxy:8080');
    await user.tab();
    await waitFor(() => expect(all.toasts.items).toHaveLength(1));
    await waitFor(() => expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Address of the proxy' }).value).toBe('http://proxy:8080'));
  });

  it('sign in, tell where the token is kept, keep it out of the page, and sign out', async () => {
    const { user } = await opened('account');
    const field = await screen.findByLabelText('Token');
    await user.type(field, 'nonsense{Enter}');
    expect((await screen.findByRole('alert')).textContent).toContain('does not start with `hf_`');
    await user.clear(field);
    await user.type(field, 'hf_secret{Enter}');
    expect(await screen.findByText('Signed in as ada · sirocco (read)')).toBeTruthy();
    expect(screen.getByText(/kept in the key store/)).toBeTruthy();
    expect(document.body.innerHTML).not.toContain('hf_secret');
    await user.click(screen.getByRole('button', { name: 'Sign out' }));
    expect(await screen.findByText('Not signed in')).toBeTruthy();
  });

  it('say when the token is no good any more', async () => {
    const { user } = await opened('account');
    await user.type(await screen.findByLabelText('Token'), 'hf_old{Enter}');
    expect(await screen.findByText('The Hub does not accept the token any more')).toBeTruthy();
  });

  it('put the focus on a setting that another page leads to', async () => {
    const { all } = await opened('theme');
    all.navigation.openSettings('settings', 'trash_days');
    await waitFor(() => expect(document.activeElement?.closest('#setting-trash_days')).not.toBeNull());
    expect(all.navigation.settingsRow).toBeNull();
  });
});

describe('download settings', () => {
  it('limit the speed in the unit one thinks in', async () => {
    const { backend, user } = await opened('speed limit');
    await user.click(screen.getByRole('button', { name: 'Limit' }));
    const field = await screen.findByRole('spinbutton', { name: 'Highest speed' });
    await user.clear(field);
    await user.type(field, '2.5');
    await user.tab();
    await waitFor(() => expect(backend.settings.downloads.speed_limit).toBe(2_500_000));
    await user.click(screen.getByRole('button', { name: 'Reset Speed limit to its default' }));
    await waitFor(() => expect(backend.settings.downloads.speed_limit).toBeNull());
  });

  it('keep to hours, never from and to the same minute', async () => {
    const { backend, user } = await opened('hours');
    await user.click(screen.getByRole('button', { name: 'Set hours' }));
    await waitFor(() => expect(backend.settings.downloads.hours).toEqual({ from_minute: 1320, to_minute: 420 }));
    const from = (await screen.findByLabelText('From')) as HTMLInputElement;
    from.value = '07:00';
    from.dispatchEvent(new Event('change', { bubbles: true }));
    expect(from.value).toBe('22:00');
    from.value = '23:15';
    from.dispatchEvent(new Event('change', { bubbles: true }));
    await waitFor(() => expect(backend.settings.downloads.hours?.from_minute).toBe(1395));
  });
});

describe('the list of connections', () => {
  it('reads page by page, each entry once', async () => {
    const { backend } = await started({ connections: 450 });
    const log = new ConnectionLog(backend);
    await log.load();
    while (log.hasMore) await log.loadMore();
    expect(new Set(log.entries?.map((one) => one.id)).size).toBe(450);
  });

  it('tells apart what went well, failed and never left', () => {
    const troubles = scriptedConnections(9).map(troubleOf);
    expect(troubles.filter(Boolean)).toEqual(['needs a token', 'terms not agreed to', 'stopped: offline', 'no answer']);
  });

  it('filters by words and by purpose', async () => {
    const { backend } = await started({ connections: 9 });
    const log = new ConnectionLog(backend);
    await log.load();
    log.query = 'huggingface search';
    expect(log.shown).toHaveLength(2);
    log.query = '';
    log.purpose = 'troubled';
    expect(log.shown).toHaveLength(4);
  });

  it('is cleared only after asking', async () => {
    const { user, context } = await started({ connections: 9 });
    render(ConnectionsPage, { context });
    expect(await screen.findByText(/9 connections/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Clear' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Clear' }));
    expect(await screen.findByText('No connections were made')).toBeTruthy();
  });
});
