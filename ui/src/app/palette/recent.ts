/** What was chosen in the palette last, kept by the page between starts. */

const KEY = 'sirocco.palette';
const KEPT = 40;

/** Ids, last chosen first. */
export function recentIds(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
  } catch {
    // No storage, or not what we wrote: nothing was chosen yet.
    return [];
  }
}

export function rememberId(id: string): void {
  try {
    const ids = [id, ...recentIds().filter((one) => one !== id)].slice(0, KEPT);
    localStorage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // As above.
  }
}
