/**
 * Diagrams by mermaid, fetched when the first one closes. The drawing is shown as an image: inside
 * one, no script runs, no link is followed and nothing is fetched, whatever the source says.
 */

let count = 0;
let last: Promise<unknown> = Promise.resolve();

/** A drawing, ready for the `src` of an image. */
export interface Drawing {
  url: string;
  width: number;
  height: number;
}

/** Longer sources are shown as text. */
export const LONGEST_DIAGRAM = 20_000;

/** Draws in the colours of the page as they are now. Rejects with mermaid's own words. */
export function drawDiagram(source: string): Promise<Drawing> {
  // mermaid keeps its configuration in one place, so drawings take turns.
  const turn = last.then(() => draw(source));
  last = turn.catch(() => undefined);
  return turn;
}

async function draw(source: string): Promise<Drawing> {
  const { default: mermaid } = await import('mermaid');
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
  const { svg } = await mermaid.render(`diagram-${++count}`, withoutDirectives(source));
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
