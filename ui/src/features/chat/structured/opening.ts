/** Which levels of a tree are open when it is first shown. */
import type { Json } from './schema';

/** Parts of a level that are shown at first, and each time more are asked for. */
export const MOST_PARTS = 100;
/** Lines of a tree that are drawn at first. */
export const MOST_LINES = 200;
/** Levels inside each other that are open at first: deeper ones have no room left beside their indents. */
const MOST_LEVELS = 16;

const isLevel = (value: Json): value is Json[] | { [key: string]: Json } => typeof value === 'object' && value !== null;

/** The first parts of a level with their names, and how many there are. */
export function partsOf(value: Json, most: number): { parts: [string, Json][]; count: number } | null {
  if (Array.isArray(value)) return { parts: value.slice(0, most).map((part, at) => [String(at), part]), count: value.length };
  if (!isLevel(value)) return null;
  const names = Object.keys(value);
  return { parts: names.slice(0, most).map((name) => [name, value[name] ?? null]), count: names.length };
}

/**
 * The lists and objects to open: the outer ones before those in them, as long as all that is drawn stays within
 * `MOST_LINES`. What would be too long stays closed, and what comes after it may still be opened.
 */
export function openAtFirst(value: Json): ReadonlySet<Json> {
  const opened = new Set<Json>();
  let lines = 1;
  let level = [value];
  for (let depth = 0; level.length > 0 && depth < MOST_LEVELS; depth++) {
    const next: Json[] = [];
    for (const one of level) {
      const inside = partsOf(one, MOST_PARTS);
      if (!inside) continue;
      // A level that is cut off has a line for the rest.
      const added = inside.parts.length + (inside.count > MOST_PARTS ? 1 : 0);
      if (lines + added > MOST_LINES) continue;
      lines += added;
      opened.add(one);
      next.push(...inside.parts.map(([, part]) => part));
    }
    level = next;
  }
  return opened;
}
