/** Arithmetic of the slider: where a value stands on the track, and what a position means. */

export type SliderScale = 'linear' | 'doubling';

export interface SliderRange {
  min: number;
  max: number;
  step: number;
  /** `doubling` gives each doubling the same way to go, as lengths of context need. */
  scale: SliderScale;
}

/** Steps of the track; fine enough for the widest slider. */
export const TRACK = 1000;

/** Share of the track (0 to `TRACK`) at which a value stands. */
export function positionOf(value: number, { min, max, scale }: SliderRange): number {
  if (max <= min) return TRACK;
  const at = Math.max(min, Math.min(max, value));
  const share = scale === 'linear' ? (at - min) / (max - min) : Math.log(at / min) / Math.log(max / min);
  return Math.round(share * TRACK);
}

/** The value at a position, on a step. */
export function valueAt(position: number, range: SliderRange): number {
  const { min, max, scale } = range;
  const share = position / TRACK;
  return snapped(scale === 'linear' ? min + share * (max - min) : min * (max / min) ** share, range);
}

/** The nearest value on a step within the range; both ends always are. */
export function snapped(value: number, { min, max, step }: SliderRange): number {
  if (value >= max) return max;
  if (value <= min) return min;
  const stepped = Math.round(value / step) * step;
  // Steps such as 0.05 are no binary fractions: 0.15000000000000002 is not what anyone chose.
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) + 1;
  return Math.max(min, Math.min(max, Number(stepped.toFixed(Math.min(digits, 10)))));
}

/** The value one key press away: a step, or for `doubling` the next power of two or a half of it. */
export function stepped(value: number, direction: 1 | -1, range: SliderRange): number {
  if (range.scale === 'linear') return snapped(value + direction * range.step, range);
  const factor = Math.max(range.step, 2 ** Math.floor(Math.log2(Math.max(range.min, value)) - (direction < 0 ? 0.001 : 0)) / 4);
  return snapped(Math.round((value + direction * factor) / range.step) * range.step, range);
}
