/**
 * Lights a text that was found in the page. The elements are Svelte's and stay untouched: the
 * browser's highlights lie over them. Where a browser has none, nothing is lit.
 */

/** Styled in `styles/kit.css`. */
const NAME = 'found-words';

/** As the backend compares, with the place of each unit in the text it came from, and of the end. */
function folded(text: string): { text: string; places: number[] } {
  let plain = '';
  const places: number[] = [];
  let at = 0;
  for (const character of text) {
    const folded = /\s/.test(character) ? ' ' : character.toLowerCase().normalize('NFD').replace(/[\u0300-\u036f]/g, '');
    for (let unit = 0; unit < folded.length; unit += 1) places.push(at);
    plain += folded;
    at += character.length;
  }
  places.push(at);
  return { text: plain, places };
}

/** Where the text stands in another one, from and to. */
export function stretches(text: string, wanted: string): [number, number][] {
  const needle = folded(wanted.trim()).text;
  if (needle === '') return [];
  const hay = folded(text);
  const found: [number, number][] = [];
  for (let at = hay.text.indexOf(needle); at >= 0; at = hay.text.indexOf(needle, at + needle.length)) {
    found.push([hay.places[at] ?? 0, hay.places[at + needle.length] ?? text.length]);
  }
  return found;
}

/** Lights the text in the messages below an element. Answers the function that ends it. */
export function light(root: HTMLElement, wanted: string): () => void {
  if (typeof CSS === 'undefined' || !('highlights' in CSS)) return () => undefined;
  const ranges: Range[] = [];
  for (const words of root.querySelectorAll('.markdown')) {
    const walker = document.createTreeWalker(words, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const [start, end] of stretches(node.nodeValue ?? '', wanted)) {
        const range = document.createRange();
        range.setStart(node, start);
        range.setEnd(node, end);
        ranges.push(range);
      }
    }
  }
  const highlight = new Highlight(...ranges);
  CSS.highlights.set(NAME, highlight);
  return () => {
    if (CSS.highlights.get(NAME) === highlight) CSS.highlights.delete(NAME);
  };
}
