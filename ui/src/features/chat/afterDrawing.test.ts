import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterDrawing } from './afterDrawing';

describe('work after drawing', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'setTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is done a little in each frame, the last first, unless it is called off', () => {
    const done: number[] = [];
    const ends = [1, 2, 3, 4, 5].map((work) => afterDrawing(() => done.push(work)));
    expect(done).toEqual([]);
    ends[3]?.();
    vi.advanceTimersToNextFrame();
    vi.advanceTimersByTime(1);
    expect(done).toEqual([5, 3]);
    vi.runAllTimers();
    expect(done).toEqual([5, 3, 2, 1]);
    afterDrawing(() => done.push(6));
    vi.runAllTimers();
    expect(done.at(-1)).toBe(6);
  });
});
