/** What the whole page knows: the host and machine, the settings, and whether the backend answers. */
import type { AppStatus, Event, Settings } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { applyAppearance } from '$/lib/appearance';
import { applyTheme } from '$/lib/theme';

export type Boot = { type: 'starting' } | { type: 'ready' } | { type: 'failed'; error: BackendError };

export class AppState {
  boot = $state.raw<Boot>({ type: 'starting' });
  /** Present once `boot` is ready. */
  status = $state.raw<AppStatus | null>(null);
  settings = $state.raw<Settings | null>(null);
  connected = $state(true);

  readonly #backend: Backend;
  /** The last settings that the backend confirmed, to go back to when a change fails. */
  #confirmed: Settings | null = null;
  #saves = 0;
  #savesInFlight = 0;
  #confirmedSave = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for status and settings; throws nothing, `boot` says how it went. */
  async load(): Promise<void> {
    try {
      const [status, settings] = await Promise.all([
        this.#backend.call('app_status', {}),
        this.#backend.call('settings_get', {}),
      ]);
      this.status = status;
      this.#take(settings);
      this.boot = { type: 'ready' };
    } catch (thrown) {
      // A page that already works keeps what it has; the banner tells about the connection.
      if (this.boot.type !== 'ready') this.boot = { type: 'failed', error: BackendError.from(thrown) };
    }
  }

  /** Asks again for what changes by itself: free memory and runtimes. */
  async refreshStatus(): Promise<void> {
    try {
      this.status = await this.#backend.call('app_status', {});
    } catch {
      // The figures shown stay; whoever acts on them gets the error.
    }
  }

  /** Changes some settings, at once on screen; goes back and rethrows if the backend refuses. */
  async updateSettings(changes: Partial<Settings>): Promise<void> {
    if (!this.settings) return;
    const wanted = { ...this.settings, ...changes };
    const save = ++this.#saves;
    this.settings = wanted;
    if (changes.theme) applyTheme(changes.theme);
    if (changes.appearance) applyAppearance(changes.appearance);
    this.#savesInFlight += 1;
    try {
      const saved = await this.#backend.call('settings_set', { settings: wanted });
      if (save === this.#saves) this.#take(saved);
      else if (save > this.#confirmedSave) this.#confirmed = saved;
      this.#confirmedSave = Math.max(this.#confirmedSave, save);
    } catch (thrown) {
      if (save === this.#saves && this.#confirmed) this.#take(this.#confirmed);
      throw BackendError.from(thrown);
    } finally {
      this.#savesInFlight -= 1;
    }
  }

  handle(event: Event): void {
    // While own changes are on their way, an event may tell of an older one; the answer to the last counts.
    if (event.type === 'settings_changed' && this.#savesInFlight === 0) this.#take(event.settings);
    if (event.type === 'lagged') void this.load();
  }

  #take(settings: Settings): void {
    const themeChanged = settings.theme !== this.#confirmed?.theme || settings.theme !== this.settings?.theme;
    this.#confirmed = settings;
    this.settings = settings;
    if (themeChanged) applyTheme(settings.theme);
    applyAppearance(settings.appearance);
  }
}
