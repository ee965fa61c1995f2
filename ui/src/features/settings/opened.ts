/** What tests of the settings begin with. */
import { render, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { ScriptedBackend, type ScriptedOptions } from '$/lib/backend/scripted';
import { Sirocco, siroccoContext } from '$/lib/state';
import { SettingsSearch } from './search.svelte';
import SettingsPage from './SettingsPage.svelte';

/** The app over a scripted backend, ready. */
export async function started(options: ScriptedOptions = {}) {
  const backend = new ScriptedBackend(options);
  const all = new Sirocco(backend);
  all.start();
  await waitFor(() => {
    if (all.app.boot.type !== 'ready') throw new Error('it has not started');
  });
  return { all, backend, user: userEvent.setup(), context: siroccoContext(all) };
}

/** The page of settings, with those that a search finds. */
export async function opened(query = '', options: ScriptedOptions = {}) {
  const state = await started(options);
  const search = new SettingsSearch();
  search.query = query;
  render(SettingsPage, { props: { search }, context: state.context });
  return { ...state, search };
}

/** With what a command was called so far. */
export function asked(backend: ScriptedBackend, command: string): unknown[] {
  return backend.calls.filter((call) => call.command === command).map((call) => call.request);
}
