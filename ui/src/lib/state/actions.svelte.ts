/**
 * Everything that can be done by name. Palette, shortcuts page, tooltips and the handling of keys all read
 * this one table; the frame and the features put their actions into it.
 *
 * ```ts
 * const stop = actions.add([{ id: 'chat.new', group: 'chat', label: 'New chat', keys: ['Mod+N'], run }]);
 * ```
 */
import { matchesShortcut } from '$/lib/shortcut';
import type { AppState } from './app.svelte';

/** Where an action stands on the shortcuts page, in this order. */
export const ACTION_GROUPS = ['go', 'view', 'chat'] as const;
export type ActionGroup = (typeof ACTION_GROUPS)[number];

export interface Action {
  /** Never changes: chosen keys are kept under it. */
  readonly id: string;
  readonly group: ActionGroup;
  /** A verb and what it does it to. */
  readonly label: string;
  /** Found under these words too. */
  readonly words?: string;
  /** Its usual keys; the first are shown. */
  readonly keys?: readonly string[];
  /** Keys that the place where it belongs takes by itself; they cannot be changed. */
  readonly fixed?: string;
  /** Whether it can be done now; always, if this is not said. */
  readonly available?: () => boolean;
  readonly run: () => void;
}

export class Actions {
  /** Held beside what is shown: a teardown that reads state gets the values from before the change it is part of. */
  readonly #tables = new Set<readonly Action[]>();
  #all = $state.raw<readonly Action[]>([]);
  readonly #app: AppState;

  constructor(app: AppState) {
    this.#app = app;
  }

  /** All there are, by group. */
  get all(): Action[] {
    return ACTION_GROUPS.flatMap((group) => this.#all.filter((action) => action.group === group));
  }

  /** Puts actions into the table. Answers the function that takes them out again. */
  add(actions: readonly Action[]): () => void {
    this.#tables.add(actions);
    this.#all = [...this.#tables].flat();
    return () => {
      this.#tables.delete(actions);
      this.#all = [...this.#tables].flat();
    };
  }

  /** The keys of an action: the chosen ones, or its usual ones. */
  keysOf(id: string): readonly string[] {
    const chosen = this.#chosen[id];
    if (chosen !== undefined) return chosen === '' ? [] : [chosen];
    return this.#all.find((action) => action.id === id)?.keys ?? [];
  }

  /** What a tooltip says. */
  keyOf(id: string): string | undefined {
    return this.keysOf(id)[0];
  }

  /** Whether its keys are not its usual ones. */
  isChanged(id: string): boolean {
    return this.#chosen[id] !== undefined;
  }

  /** Which other action has these keys. */
  holderOf(keys: string, except: string): Action | null {
    return this.#all.find((action) => action.id !== except && this.keysOf(action.id).includes(keys)) ?? null;
  }

  /** Which action a key press means. Chosen keys come before usual ones, which a later version may have added. */
  at(event: KeyboardEvent): Action | null {
    const matches = (action: Action) => this.keysOf(action.id).some((keys) => matchesShortcut(event, keys));
    return this.#all.find((action) => this.isChanged(action.id) && matches(action)) ?? this.#all.find(matches) ?? null;
  }

  /** Gives an action these keys, or none (`''`), and takes them from whatever had them. */
  async choose(id: string, keys: string): Promise<void> {
    const holder = keys === '' ? null : this.holderOf(keys, id);
    await this.#save({ ...this.#chosen, ...(holder ? { [holder.id]: '' } : {}), [id]: keys });
  }

  /** Back to the usual keys, which are taken from whatever has them now. */
  async reset(id: string): Promise<void> {
    const { [id]: _, ...rest } = this.#chosen;
    const usual = this.#all.find((action) => action.id === id)?.keys ?? [];
    const taken = Object.fromEntries(Object.entries(rest).map(([other, keys]) => [other, usual.includes(keys) ? '' : keys]));
    await this.#save(taken);
  }

  async resetAll(): Promise<void> {
    await this.#save({});
  }

  get anyChanged(): boolean {
    return this.#all.some((action) => this.isChanged(action.id));
  }

  get #chosen(): Record<string, string> {
    return this.#app.settings?.shortcuts ?? {};
  }

  async #save(shortcuts: Record<string, string>): Promise<void> {
    await this.#app.updateSettings({ shortcuts });
  }
}
