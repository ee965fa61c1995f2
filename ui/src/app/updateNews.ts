/** Says that a newer version is there, once for each: what it is and what to do stands in the settings. */
import type { UpdateStatus } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { updateStrings as s } from '$/lib/strings.en';

/** Answers the function that stops listening. */
export function tellOfUpdates({ backend, navigation, toasts }: Sirocco): () => void {
  let told = '';

  function tell({ state }: UpdateStatus): void {
    if (state.type !== 'found' || state.release.version === told) return;
    told = state.release.version;
    // Who looks at the settings sees it there.
    if (navigation.view === 'settings' && navigation.settingsPlace === 'settings') return;
    toasts.show(s.found(told), { action: { label: s.show, run: () => navigation.openSettings('settings', 'updates') } });
  }

  backend.call('update_get', {}).then(tell, (thrown: unknown) => toasts.error(thrown));
  return backend.events((event) => {
    if (event.type === 'update_changed') tell(event.status);
  });
}
