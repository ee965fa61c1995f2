/** The crash reports there are. Their texts are asked for one by one. */
import type { Crash, CrashKind, Event } from '$/gen/protocol';
import { BackendError, type Backend } from '$/lib/backend';
import { crashStrings as s } from '$/lib/strings.en';

/** What broke, in words. */
export function titleOf(kind: CrashKind): string {
  if (kind.type === 'panic') return s.panic(kind.program);
  return kind.type === 'worker' ? s.worker[kind.deed](kind.model) : s.unclosed;
}

export class CrashReports {
  /** Newest first; `null` until they are there. */
  crashes = $state.raw<Crash[] | null>(null);
  folder = $state('');
  problem = $state.raw<BackendError | null>(null);

  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async load(): Promise<void> {
    try {
      ({ crashes: this.crashes, folder: this.folder } = await this.#backend.call('crash_list', {}));
      this.problem = null;
    } catch (thrown) {
      this.problem = BackendError.from(thrown);
    }
  }

  handle(event: Event): void {
    if (event.type === 'crashes_changed') this.crashes = event.crashes;
    if (event.type === 'lagged') void this.load();
  }
}
