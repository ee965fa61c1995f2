import { describe, expect, it } from 'vitest';
import { pagePlace } from './pagePlace';

describe('the place of a page', () => {
  it('is said by its address', () => {
    expect(pagePlace('')).toEqual({ type: 'main' });
    expect(pagePlace('#quick')).toEqual({ type: 'quick' });
    expect(pagePlace('#conversation=c-1')).toEqual({ type: 'conversation', id: 'c-1' });
    expect(pagePlace('#something=else')).toEqual({ type: 'main' });
  });
});
