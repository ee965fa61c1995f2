/** The whole page changes its language without a restart, and keeps its place. */
import { cleanup, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedBackend } from '$/lib/backend/scripted';
import { Sirocco } from '$/lib/state';
import App from '../App.svelte';
import { ShownLanguage } from './shown.svelte';

const shown = new ShownLanguage();

describe('a change of the language', { timeout: 60_000 }, () => {
  afterEach(async () => {
    cleanup();
    await shown.show('en');
  });

  it('shows all texts anew, gives the focus back to the setting and keeps the shortcuts', async () => {
    const sirocco = new Sirocco(new ScriptedBackend());
    render(App, { props: { sirocco, shown } });
    await waitFor(() => expect(sirocco.app.boot.type).toBe('ready'));
    sirocco.navigation.openSettings();
    expect(await screen.findByRole('heading', { level: 1, name: 'Settings' }, { timeout: 20_000 })).toBeTruthy();
    await sirocco.app.updateSettings({ language: 'fr' });
    expect(await screen.findByRole('heading', { level: 1, name: 'Réglages' }, { timeout: 20_000 })).toBeTruthy();
    const choice = await screen.findByLabelText('Langue: Français', {}, { timeout: 20_000 });
    await waitFor(() => expect(document.activeElement).toBe(choice));
    expect(sirocco.actions.keysOf('go.chat')).toEqual(['Mod+1']);
    await sirocco.app.updateSettings({ language: 'en' });
    expect(await screen.findByRole('heading', { level: 1, name: 'Settings' }, { timeout: 20_000 })).toBeTruthy();
  });
});
