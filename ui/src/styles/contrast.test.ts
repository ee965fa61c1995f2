import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ACCENTS } from '$/lib/appearance';

type Rgb = [number, number, number];

/** CSS Color 4: oklch to linear sRGB, clipped to what a screen can show. */
function linear([l, c, h]: Rgb): Rgb {
  const a = c * Math.cos((h * Math.PI) / 180);
  const b = c * Math.sin((h * Math.PI) / 180);
  const [x, y, z] = [
    (l + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (l - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (l - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  const clip = (value: number) => Math.max(0, Math.min(1, value));
  return [
    clip(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
    clip(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
    clip(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z),
  ];
}

function luminance(color: Rgb): number {
  const [r, g, b] = linear(color);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** A hue: a number, or the accent's with something added. */
const HUE = String.raw`([\d.]+)|var\(--accent-hue\)|calc\(var\(--accent-hue\) \+ (\d+)\)`;
const COLOUR = new RegExp(String.raw`--([\w-]+): oklch\(([\d.]+) ([\d.]+) (?:${HUE})\);`, 'g');

function coloursIn(body: string, accentHue: number): Map<string, Rgb> {
  const tokens = new Map<string, Rgb>();
  for (const [, token, l, c, hue, more] of body.matchAll(COLOUR)) {
    tokens.set(token ?? '', [Number(l), Number(c), hue === undefined ? accentHue + Number(more ?? 0) : Number(hue)]);
  }
  return tokens;
}

/** Hues by the name of their accent. */
function accents(css: string): Map<string, number> {
  return new Map([...css.matchAll(/\[data-accent='(\w+)'\] \{\s*--accent-hue: (\d+);/g)].map(([, name, hue]) => [name ?? '', Number(hue)]));
}

/** Every theme with every accent. */
function themes(css: string): { theme: string; accent: string; tokens: Map<string, Rgb> }[] {
  return [...css.matchAll(/:root\[data-theme='(\w+)'\] \{([^}]*)\}/g)].flatMap(([, theme, body]) =>
    [...accents(css)].map(([accent, hue]) => ({ theme: theme ?? '', accent, tokens: coloursIn(body ?? '', hue) })),
  );
}

const SURFACES = ['surface', 'surface-raised', 'surface-sunken', 'surface-hover', 'surface-selected', 'surface-user'];
const CODE = ['text', 'keyword', 'function', 'string', 'number', 'type', 'comment'];

/** Every text colour with every surface it is put on. */
const PAIRS: [string, string][] = [
  ...['text', 'text-soft', 'text-faint'].flatMap((text) => SURFACES.map((surface): [string, string] => [text, surface])),
  ...['text', 'text-soft'].flatMap((text) =>
    ['danger-tint', 'warning-tint', 'success-tint', 'accent-tint', 'code-surface'].map((surface): [string, string] => [text, surface]),
  ),
  ...['accent-text', 'danger'].flatMap((text) =>
    ['surface', 'surface-raised', 'surface-sunken', 'surface-hover', 'surface-selected'].map((surface): [string, string] => [text, surface]),
  ),
  ['accent-text', 'accent-tint'],
  ['danger', 'danger-tint'],
  ['warning', 'warning-tint'],
  ['success', 'success-tint'],
  ['success', 'surface'],
  ['warning', 'surface'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger-fill'],
  ['text-faint', 'code-surface'],
  ['text', 'selection'],
  ...CODE.map((name): [string, string] => [`code-${name}`, 'code-surface']),
];

const css = readFileSync('src/styles/tokens.css', 'utf8');
const all = themes(css);

describe('contrast of the themes', () => {
  it('knows white on black as 21', () => {
    expect(contrast([1, 0, 0], [0, 0, 0])).toBeCloseTo(21, 1);
  });

  it('finds the four themes, each with the same tokens, and all accents', () => {
    expect([...new Set(all.map(({ theme }) => theme))]).toEqual(['light', 'dark', 'sepia', 'high_contrast']);
    expect([...new Set(all.map(({ accent }) => accent))]).toEqual(ACCENTS);
    const names = [...(all[0]?.tokens.keys() ?? [])].sort();
    expect(names).toContain('accent');
    for (const { tokens } of all) expect([...tokens.keys()].sort()).toEqual(names);
  });

  it('a check is seen on every hue that can be chosen', () => {
    for (const [accent, hue] of accents(css)) {
      const tokens = coloursIn(/\[data-accent\] \{([^}]*)\}/.exec(css)?.[1] ?? '', hue);
      expect(contrast(tokens.get('accent-swatch') as Rgb, tokens.get('on-swatch') as Rgb), accent).toBeGreaterThanOrEqual(4.5);
    }
  });

  for (const { theme, accent, tokens } of all) {
    const least = theme === 'high_contrast' ? 7 : 4.5;
    it(`text is readable in ${theme} with ${accent}: at least ${least}`, () => {
      const weak = PAIRS.map(([text, surface]) => {
        const one = tokens.get(text);
        const other = tokens.get(surface);
        if (!one || !other) throw new Error(`${theme} lacks ${one ? surface : text}`);
        return { pair: `${text} on ${surface}`, ratio: Number(contrast(one, other).toFixed(2)) };
      }).filter(({ ratio }) => ratio < least);
      expect(weak).toEqual([]);
    });

    it(`the focus ring stands out in ${theme} with ${accent}: at least 3`, () => {
      for (const surface of ['surface', 'surface-raised', 'surface-sunken']) {
        const ratio = contrast(tokens.get('focus') as Rgb, tokens.get(surface) as Rgb);
        expect(ratio, `focus on ${surface}`).toBeGreaterThanOrEqual(3);
      }
    });
  }
});

describe('the use of tokens', () => {
  it('no component names a colour of its own', async () => {
    const files = import.meta.glob('../{app,kit,features}/**/*.svelte', { query: '?raw', import: 'default', eager: true });
    const literal = /#[0-9a-f]{3,8}\b(?![^;{]*\{)|\brgba?\(|\bhsla?\(/i;
    const offenders = Object.entries(files as Record<string, string>).filter(([, source]) => {
      const style = /<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? '';
      return literal.test(style);
    });
    expect(offenders.map(([file]) => file)).toEqual([]);
  });

  it('every variable used is defined somewhere', () => {
    const files = import.meta.glob('../{app,kit,features,styles,lib}/**/*.{svelte,css}', { query: '?raw', import: 'default', eager: true });
    const sources = Object.values(files as Record<string, string>).join('\n') + css;
    const defined = new Set([...sources.matchAll(/(--[\w-]+)\s*[:=]/g)].map(([, name]) => name));
    const used = new Set([...sources.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
    expect([...used].filter((name) => !defined.has(name) && !name?.startsWith('--shiki') && !name?.startsWith('--bits'))).toEqual([]);
  });
});
