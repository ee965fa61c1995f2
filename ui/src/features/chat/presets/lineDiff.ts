/** What differs between two texts, line by line. */

export type DiffLine = { kind: 'same' | 'saved' | 'now'; text: string } | { kind: 'gap'; count: number };

/** More cells than this are not compared: such texts share too little to be read beside each other. */
const MOST_CELLS = 250_000;
/** Lines around a change that stay, to tell where it is. */
const AROUND = 1;

/** The lines of both texts in order, those that stay the same only beside a change. */
export function lineDiff(saved: string, now: string): DiffLine[] {
  if (saved === now) return [];
  const a = linesOf(saved);
  const b = linesOf(now);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }));
  return folded([...same(a.slice(0, start)), ...changes(a.slice(start, a.length - end), b.slice(start, b.length - end)), ...same(a.slice(a.length - end))]);
}

/** Nothing has no line, not an empty one. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

/** By the longest run of lines that both have. */
function changes(a: string[], b: string[]): DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: 'saved', text });
  const come = (text: string): DiffLine => ({ kind: 'now', text });
  if (a.length * b.length > MOST_CELLS) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  /** How many lines from these two on stay, at best. */
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [before, after] = [a[i], b[j]];
    if (before !== undefined && before === after) {
      lines.push({ kind: 'same', text: before });
      i += 1;
      j += 1;
    } else if (before !== undefined && (after === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(gone(before));
      i += 1;
    } else if (after !== undefined) {
      lines.push(come(after));
      j += 1;
    }
  }
  return lines;
}

/** With a gap in the place of lines that stay far from any change. */
function folded(lines: DiffLine[]): DiffLine[] {
  const near = (at: number) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((line) => line.kind !== 'same');
  const shown: DiffLine[] = [];
  for (const [at, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near(at)) shown.push(line);
    else if (last?.kind === 'gap') last.count += 1;
    else shown.push({ kind: 'gap', count: 1 });
  }
  return shown;
}
