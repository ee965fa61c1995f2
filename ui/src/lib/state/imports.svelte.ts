import type { Event, ImportMode, PathHandle, PickedPath } from '$/gen/protocol';
import { remember, remembered } from '$/lib/remember';

export const IMPORT_MODES: readonly ImportMode[] = ['in_place', 'link', 'copy', 'move'];

/** How far the copying of one file is. */
export type ImportMoved = Extract<Event, { type: 'import_moved' }>;

/** The question how picked or dropped files are to enter the library, asked by one dialog of the frame; then how far they are. */
export class ImportQuestion {
  /** What is asked about; `null` while nothing is. */
  paths = $state.raw<PickedPath[] | null>(null);
  /** The last choice, offered again. */
  mode = $state<ImportMode>(remembered('import-mode', IMPORT_MODES, 'in_place'));
  readonly #followers = new Map<PathHandle, (moved: ImportMoved) => void>();
  #answer: ((mode: ImportMode | null) => void) | null = null;

  /** Answers the mode, or `null` when the person thought better of it. A newer question ends an older one. */
  ask(paths: PickedPath[]): Promise<ImportMode | null> {
    this.#answer?.(null);
    this.paths = paths;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  confirm(): void {
    remember('import-mode', this.mode);
    this.#end(this.mode);
  }

  dismiss(): void {
    this.#end(null);
  }

  /** Tells of the copying of what was given as `handle`. Answers the function that ends it. */
  follow(handle: PathHandle, told: (moved: ImportMoved) => void): () => void {
    this.#followers.set(handle, told);
    return () => this.#followers.delete(handle);
  }

  handle(event: Event): void {
    if (event.type === 'import_moved') this.#followers.get(event.handle)?.(event);
  }

  #end(mode: ImportMode | null): void {
    this.paths = null;
    this.#answer?.(mode);
    this.#answer = null;
  }
}
