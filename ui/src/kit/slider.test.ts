import { describe, expect, it } from 'vitest';
import { positionOf, snapped, stepped, TRACK, valueAt, type SliderRange } from './slider';

const context: SliderRange = { min: 512, max: 131_072, step: 256, scale: 'doubling' };
const share: SliderRange = { min: 0, max: 1, step: 0.05, scale: 'linear' };

describe('the slider', () => {
  it('gives every doubling the same way to go', () => {
    expect(positionOf(512, context)).toBe(0);
    expect(positionOf(131_072, context)).toBe(TRACK);
    expect(positionOf(8192, context)).toBe(TRACK / 2);
    expect(valueAt(TRACK / 2, context)).toBe(8192);
  });

  it('lands on steps without crumbs of binary fractions', () => {
    expect(valueAt(150, share)).toBe(0.15);
    expect(snapped(0.1499, share)).toBe(0.15);
    expect(snapped(0.3 + 0.0000001, share)).toBe(0.3);
  });

  it('keeps both ends even when they are on no step', () => {
    const odd: SliderRange = { min: 512, max: 40_961, step: 256, scale: 'doubling' };
    expect(valueAt(TRACK, odd)).toBe(40_961);
    expect(snapped(99_999, odd)).toBe(40_961);
    expect(snapped(1, odd)).toBe(512);
  });

  it('moves by a step, and on doublings by a quarter of the power of two', () => {
    expect(stepped(0.7, 1, share)).toBe(0.75);
    expect(stepped(1, 1, share)).toBe(1);
    expect(stepped(8192, 1, context)).toBe(10_240);
    expect(stepped(8192, -1, context)).toBe(7168);
    expect(stepped(512, -1, context)).toBe(512);
  });

  it('does not divide by nothing when there is only one value', () => {
    expect(positionOf(512, { min: 512, max: 512, step: 256, scale: 'doubling' })).toBe(TRACK);
  });
});
