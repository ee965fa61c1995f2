/**
 * Accent, sizes, density, typeface and direction of the page, as attributes and variables that `tokens.css` reads.
 * `public/theme.js` applies what is remembered before the first paint.
 */
import type { Accent, AppearanceSettings, Density, Direction, Typeface } from '$/gen/protocol';

const KEY = 'sirocco.appearance';

/** As the contract has it (`AppearanceSettings::default`). */
export const APPEARANCE_STANDARD: AppearanceSettings = {
  accent: 'sirocco',
  interface_percent: 100,
  transcript_percent: 100,
  density: 'comfortable',
  typeface: 'sans',
  direction: 'language',
  reasoning_open: false,
};

export const ACCENTS: readonly Accent[] = ['sirocco', 'rose', 'violet', 'sea', 'forest'];
export const DENSITIES: readonly Density[] = ['comfortable', 'compact'];
export const TYPEFACES: readonly Typeface[] = ['sans', 'serif', 'monospace'];
export const DIRECTIONS: readonly Direction[] = ['language', 'left_to_right', 'right_to_left'];
export const INTERFACE_RANGE = { min: 90, max: 125, step: 5 };
export const TRANSCRIPT_RANGE = { min: 80, max: 150, step: 5 };

/** Shows it now and remembers it for the next start. */
export function applyAppearance(appearance: AppearanceSettings): void {
  const root = document.documentElement;
  const { dataset, style } = root;
  dataset.accent = appearance.accent;
  dataset.density = appearance.density;
  dataset.typeface = appearance.typeface;
  // The languages there are run from left to right.
  root.dir = appearance.direction === 'right_to_left' ? 'rtl' : 'ltr';
  style.setProperty('--interface-scale', String(appearance.interface_percent / 100));
  style.setProperty('--transcript-scale', String(appearance.transcript_percent / 100));
  try {
    localStorage.setItem(KEY, JSON.stringify(appearance));
  } catch {
    // Without storage the next start begins in the usual sizes for a blink; nothing else is lost.
  }
}

/** Height of a one-line row in a list, in pixels: lists that are drawn in part must know it. */
export function rowHeight({ density, interface_percent }: AppearanceSettings): number {
  return Math.round(((density === 'compact' ? 28 : 34) * interface_percent) / 100);
}
