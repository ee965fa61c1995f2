/**
 * Diagrams by mermaid, fetched when the first one closes. The drawing is shown as an image: inside
 * one, no script runs, no link is followed and nothing is fetched, whatever the source says.
 *
 * Bounded are the size of a source, its edges, and how long a drawing is waited for: one that is late is given up, and
 * the next is drawn. Not bounded is a step of mermaid that computes without a pause. It draws on the page's own thread,
 * for it measures text in a page, and no timer, and no frame of this page either, runs beside such a step; the limits of
 * size are what keeps it short.
 */
import type { Mermaid } from 'mermaid';

let count = 0;
let last: Promise<unknown> = Promise.resolve();

/** A drawing, ready for the `src` of an image. */
export interface Drawing {
  url: string;
  width: number;
  height: number;
}

/** Larger sources are shown as text: laying them out takes longer than linearly, and nobody reads the picture. */
const LONGEST_DIAGRAM = 20_000;
const MOST_LINES = 500;
const MOST_EDGES = 300;
/** A drawing takes parts of a second, most of it for fetching what draws this kind. */
export const LONGEST_DRAWING_MS = 5_000;
/** The program itself is megabytes, read once. */
const LONGEST_FETCH_MS = 30_000;

export type DiagramProblem = 'too_large' | 'late' | 'failed';

export class DiagramError extends Error {
  constructor(
    readonly problem: DiagramProblem,
    options?: ErrorOptions,
  ) {
    super(`the diagram was not drawn: ${problem}`, options);
  }
}

/** Whether a source is too large to be drawn. */
export function isTooLarge(source: string): boolean {
  return source.length > LONGEST_DIAGRAM || source.split('\n', MOST_LINES + 1).length > MOST_LINES;
}

/** Draws in the colours of the page as they are now. Rejects with a `DiagramError`. */
export function drawDiagram(source: string): Promise<Drawing> {
  if (isTooLarge(source)) return Promise.reject(new DiagramError('too_large'));
  // mermaid keeps its configuration in one place, so drawings take turns; none keeps its turn for ever.
  const turn = last.then(() => draw(source));
  last = turn.catch(() => undefined);
  return turn;
}

async function draw(source: string): Promise<Drawing> {
  const id = `diagram-${++count}`;
  try {
    const { default: mermaid } = await within(LONGEST_FETCH_MS, import('mermaid'));
    return await within(LONGEST_DRAWING_MS, drawWith(mermaid, id, source));
  } catch (cause) {
    // What it draws in would stay in the page.
    document.getElementById(`d${id}`)?.remove();
    throw cause instanceof DiagramError ? cause : new DiagramError('failed', { cause });
  }
}

/** The work, or a `late` error once the time is over; the work itself cannot be stopped, only no longer waited for. */
function within<T>(limit_ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DiagramError('late')), limit_ms);
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function drawWith(mermaid: Mermaid, id: string, source: string): Promise<Drawing> {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => toRgb(style.getPropertyValue(name).trim());
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: 'strict',
    theme: 'base',
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    fontFamily: 'sans-serif',
    maxTextSize: LONGEST_DIAGRAM,
    maxEdges: MOST_EDGES,
    suppressErrorRendering: true,
    themeVariables: {
      darkMode: style.colorScheme.includes('dark'),
      background: colour('--surface'),
      primaryColor: colour('--surface-raised'),
      primaryTextColor: colour('--text'),
      primaryBorderColor: colour('--border-strong'),
      secondaryColor: colour('--accent-tint'),
      tertiaryColor: colour('--surface-sunken'),
      lineColor: colour('--text-soft'),
      textColor: colour('--text'),
      noteBkgColor: colour('--accent-tint'),
      noteTextColor: colour('--text'),
      noteBorderColor: colour('--border-strong'),
      edgeLabelBackground: colour('--surface'),
      fontSize: '14px',
    },
  });
  // Names and directives inside the source must not undo what is set here.
  // `mermaid.render` has a queue of its own, in which all would wait behind one that never ends.
  const { svg } = await mermaid.mermaidAPI.render(id, withoutDirectives(source));
  const size = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/.exec(svg);
  const width = Math.ceil(Number(size?.[1] ?? 400));
  const height = Math.ceil(Number(size?.[2] ?? 300));
  const sized = svg.replace(/<svg /, `<svg width="${width}" height="${height}" `).replace(/ width="100%"/, '');
  return { url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(sized)}`, width, height };
}

/** Mermaid reads settings from the source itself; a model has no business there. */
export function withoutDirectives(source: string): string {
  return source.replace(/%%\{[\s\S]*?\}%%/g, '').replace(/^---\n[\s\S]*?\n---\n/, '');
}

/** mermaid computes with colours and knows no oklch; the canvas translates. */
function toRgb(value: string): string {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d');
  if (!context || value === '') return '#888888';
  context.fillStyle = value;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}
