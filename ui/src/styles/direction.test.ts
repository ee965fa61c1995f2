import { describe, expect, it } from 'vitest';

/** Left and right, where start and end are meant: `dir="rtl"` on the page is to mirror it. */
const PHYSICAL = /(?:margin|padding|border)-(?:left|right)\b|(?:^|[\s;{])(?:left|right):|(?:text-align|float): (?:left|right)|border-(?:top|bottom)-(?:left|right)/;
/** A shorthand whose right and left differ. */
const LOPSIDED = /(?:margin|padding): \S+ (\S+) \S+ (?!\1;)[^\s;]+;/;

function styles(): [string, string][] {
  const files = import.meta.glob('../**/*.{svelte,css}', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;
  return Object.entries(files).map(([file, source]) => [file, file.endsWith('.css') ? source : (/<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? '')]);
}

describe('styles know no left and right', () => {
  it('so that the frame turns round with the direction of its text', () => {
    expect(styles().length).toBeGreaterThan(80);
    const offenders = styles().flatMap(([file, style]) => {
      const plain = style.replace(/\/\*[\s\S]*?\*\//g, '').replace(/var\(([^)]*)\)/g, '$1').replace(/calc\([^;]*\)/g, 'calc');
      return [PHYSICAL.exec(plain), LOPSIDED.exec(plain)].filter((found) => found !== null).map((found) => `${file}: ${found[0].trim()}`);
    });
    expect(offenders).toEqual([]);
  });
});
