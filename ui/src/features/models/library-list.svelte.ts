/** The rows of the library's list: what is searched for, in the chosen order, in groups. */
import type { Model, ModelRoot } from '$/gen/protocol';
import { remember, remembered } from '$/lib/remember';
import type { ModelLibrary } from '$/lib/state';
import { byName } from '$/lib/state/models.svelte';
import { libraryStrings as s } from '$/lib/strings.en';
import { matching } from './matching';

export const SORTS = ['used', 'name', 'size', 'added'] as const;
export type Sort = (typeof SORTS)[number];

export interface Group {
  id: string;
  name: string;
  /** The whole path, where the name is a part of it. */
  path: string | null;
  offline: boolean;
  models: Model[];
  size_bytes: number;
}

export type Row = { type: 'group'; id: string; group: Group } | { type: 'model'; id: string; model: Model };

const ORDERS: Record<Sort, (a: Model, b: Model) => number> = {
  used: (a, b) => (b.used_at_ms ?? 0) - (a.used_at_ms ?? 0) || byName(a, b),
  name: byName,
  size: (a, b) => b.size_bytes - a.size_bytes || byName(a, b),
  added: (a, b) => b.added_at_ms - a.added_at_ms || byName(a, b),
};

/** `…/parent/folder`: what tells folders apart in a narrow column. */
function shortPath(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).slice(-2).join('/');
}

function nameOf(root: ModelRoot): string {
  if (root.is_own) return s.own;
  return root.origin === 'folder' ? shortPath(root.path) : s.origins[root.origin];
}

/** Favourites first, then the app's own folder, other folders by name, single files last. */
export function grouped(models: readonly Model[], roots: readonly ModelRoot[]): Group[] {
  const group = (id: string, name: string, path: string | null = null, offline = false): Group => ({
    id,
    name,
    path,
    offline,
    models: [],
    size_bytes: 0,
  });
  const favourites = group('favourites', s.favourites);
  const single = group('single', s.single);
  const ordered = [...roots].sort((a, b) => Number(b.is_own) - Number(a.is_own) || byName({ name: nameOf(a) }, { name: nameOf(b) }));
  const ofRoot = new Map(ordered.map((root) => [root.id, group(root.id, nameOf(root), root.path, !root.reachable)]));
  for (const model of models) {
    const own = model.favourite ? favourites : (ofRoot.get(model.root_id ?? '') ?? single);
    own.models.push(model);
    own.size_bytes += model.size_bytes;
  }
  return [favourites, ...ofRoot.values(), single].filter((one) => one.models.length > 0);
}

export class LibraryList {
  query = $state('');
  sort = $state<Sort>(remembered('library-sort', SORTS, 'used'));
  grouping = $state(remembered('library-groups', ['on', 'off'], 'on') === 'on');
  #closed = $state.raw<ReadonlySet<string>>(new Set());
  readonly #library: ModelLibrary;

  /** Favourites first, each part in the chosen order. */
  readonly models: Model[] = $derived.by(() => {
    const order = ORDERS[this.sort];
    return matching(this.#library.local, this.query).sort((a, b) => Number(b.favourite) - Number(a.favourite) || order(a, b));
  });
  readonly rows: Row[] = $derived.by(() => {
    const row = (model: Model): Row => ({ type: 'model', id: model.id, model });
    if (!this.grouping) return this.models.map(row);
    return grouped(this.models, this.#library.roots).flatMap((group): Row[] => [
      { type: 'group', id: `group-${group.id}`, group },
      ...(this.isOpen(group) ? group.models.map(row) : []),
    ]);
  });

  constructor(library: ModelLibrary) {
    this.#library = library;
  }

  /** A search shows what it found, also in groups that are closed. */
  isOpen(group: Group): boolean {
    return this.query.trim() !== '' || !this.#closed.has(group.id);
  }

  toggle(group: Group): void {
    const next = new Set(this.#closed);
    if (!next.delete(group.id)) next.add(group.id);
    this.#closed = next;
  }

  setSort(sort: Sort): void {
    this.sort = sort;
    remember('library-sort', sort);
  }

  setGrouping(on: boolean): void {
    this.grouping = on;
    remember('library-groups', on ? 'on' : 'off');
  }
}
