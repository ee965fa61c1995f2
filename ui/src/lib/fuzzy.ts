/** Finding by a few letters: words, beginnings of words, or letters in their order. Pure. */

/** Where a text was hit, as `[from, to)` in its characters, and how well: higher is better. */
export interface FuzzyHit {
  score: number;
  ranges: [from: number, to: number][];
}

/** What is compared: lower case without accents, and as long as the text, so that places stay the same. */
function folded(text: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII is meant
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    const plain = (text.charAt(at).normalize('NFD').charAt(0) || text.charAt(at)).toLowerCase();
    out += plain.length === 1 ? plain : text.charAt(at);
  }
  return out;
}

/** Letters of a word may lie so far apart, for each of them. */
const WIDEST = 8;
const LETTER = /[\p{L}\p{N}]/u;
const beginsWord = (text: string, at: number) => at === 0 || !LETTER.test(text.charAt(at - 1));

/** Every word of the query is found somewhere in the text; `null` if one is not. */
export function fuzzy(query: string, text: string): FuzzyHit | null {
  const plain = folded(text);
  const words = folded(query).split(/\s+/).filter(Boolean);
  let score = 0;
  const ranges: [number, number][] = [];
  for (const word of words) {
    const hit = whole(word, plain) ?? scattered(word, plain);
    if (!hit) return null;
    score += hit.score;
    ranges.push(...hit.ranges);
  }
  // Of two texts hit alike, the shorter one was meant rather.
  return { score: score - text.length / 200, ranges: merged(ranges) };
}

/** Whether every word of the query is written in the text, somewhere. */
export function says(text: string, query: string): boolean {
  const plain = folded(text);
  return folded(query).split(/\s+/).every((word) => plain.includes(word));
}

/** The word as it is written, best where a word begins. */
function whole(word: string, text: string): FuzzyHit | null {
  const first = text.indexOf(word);
  if (first < 0) return null;
  let at = first;
  while (at >= 0 && !beginsWord(text, at)) at = text.indexOf(word, at + 1);
  const found = at >= 0 ? at : first;
  const score = (at === 0 ? 12 : at > 0 ? 10 : 6) + word.length;
  return { score, ranges: [[found, found + word.length]] };
}

/** Its letters in their order, most of them side by side or where words begin; else it would fit anywhere. */
function scattered(word: string, text: string): FuzzyHit | null {
  if (word.length < 2) return null;
  const ranges: [number, number][] = [];
  let good = 0;
  let from = 0;
  for (const letter of word) {
    let at = text.indexOf(letter, from);
    if (at < 0) return null;
    if (at > from || from === 0) {
      let begin = at;
      while (begin >= 0 && !beginsWord(text, begin)) begin = text.indexOf(letter, begin + 1);
      if (begin >= 0) at = begin;
    }
    if (beginsWord(text, at) || (from > 0 && at === from)) good += 1;
    ranges.push([at, at + 1]);
    from = at + 1;
  }
  const span = from - (ranges[0]?.[0] ?? 0);
  // Of few letters, every one must stand well: two of them are in almost any title.
  const wanted = word.length > 3 ? word.length - 1 : word.length;
  if (good < wanted || span > word.length * WIDEST) return null;
  return { score: good, ranges };
}

function merged(ranges: [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** A text in pieces, hit and not, to be shown one after the other. */
export function pieces(text: string, ranges: readonly [number, number][]): { text: string; hit: boolean }[] {
  const out: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) out.push({ text: text.slice(at, from), hit: false });
    out.push({ text: text.slice(from, to), hit: true });
    at = to;
  }
  if (at < text.length) out.push({ text: text.slice(at), hit: false });
  return out;
}
