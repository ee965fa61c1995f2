/** Newer versions of the app, for the scripted backend: each step is done as soon as it is asked for. */
import type { Event, Release, UpdateState, UpdateStatus } from '$/gen/protocol';
import type { Handlers } from './host';

type UpdateCommand = 'update_get' | 'update_check' | 'update_download' | 'update_install';

export const RELEASE: Release = {
  version: '0.2.0',
  notes: 'Answers begin sooner.\nModels load in half the time.',
  package: 'https://releases.example.org/Sirocco_0.2.0.dmg',
  installs_itself: true,
};
export const FOUND: UpdateStatus = { is_possible: true, state: { type: 'found', release: RELEASE } };

export function updateHandlers(host: { emit(event: Event): void }, known: UpdateStatus): Pick<Handlers, UpdateCommand> {
  let status = known;
  const become = (state: UpdateState): UpdateStatus => {
    status = { ...status, state };
    host.emit({ type: 'update_changed', status });
    return status;
  };
  return {
    update_get: () => status,
    update_check: () => become({ type: 'found', release: RELEASE }),
    update_download: () => become({ type: 'downloaded', release: RELEASE }),
    update_install: () => ({}),
  };
}
