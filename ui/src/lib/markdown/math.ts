/** Mathematics by KaTeX, fetched when the first formula closes. It writes nodes, never HTML. */

type Katex = typeof import('katex').default;

let katex: Katex | undefined;
let loading: Promise<Katex> | undefined;
const drawn = new Map<string, DocumentFragment>();
const KEPT = 400;

/** Fetches KaTeX with its styles. */
export function loadMath(): Promise<Katex> {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([module]) => {
    katex = module.default;
    return katex;
  });
  return loading;
}

/** Replaces a node's text by the formula; at once if KaTeX is there. Bad TeX stays as its source. */
export function drawMath(node: HTMLElement, tex: string, display: boolean): void {
  if (!katex) {
    void loadMath().then(() => {
      if (node.isConnected) drawMath(node, tex, display);
    }, () => undefined);
    return;
  }
  const key = (display ? 'd' : 'i') + tex;
  let formula = drawn.get(key);
  if (!formula) {
    const scratch = document.createElement('span');
    try {
      katex.render(tex, scratch, {
        displayMode: display,
        throwOnError: true,
        trust: false,
        strict: 'ignore',
        maxExpand: 500,
        maxSize: 40,
        output: 'htmlAndMathml',
      });
    } catch {
      node.dataset.failed = '';
      return;
    }
    formula = document.createDocumentFragment();
    formula.append(...scratch.childNodes);
    if (drawn.size >= KEPT) drawn.delete(drawn.keys().next().value ?? '');
    drawn.set(key, formula);
  }
  node.replaceChildren(formula.cloneNode(true));
}

/** Draws all formulas that the inline renderer left in a node. */
export function drawMathWithin(node: HTMLElement): void {
  for (const place of node.querySelectorAll<HTMLElement>('[data-math]')) {
    const tex = place.textContent;
    if (tex) drawMath(place, tex, place.dataset.math === 'display');
  }
}
