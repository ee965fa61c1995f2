import { describe, expect, it } from 'vitest';
import type { Message } from '$/gen/protocol';
import { Turn } from './turn.svelte';
import { turnsAbove } from './turnsAbove';

const turns = (...lengths: number[]) => lengths.map((length, at) => new Turn({ id: `t${at}`, content: 'x'.repeat(length), run: null } as Message));

describe('turns above the window', () => {
  it('are those before the last ones that fill it', () => {
    expect(turnsAbove(turns(10, 10, 10, 20_000), 800)).toBe(3);
    expect(turnsAbove(turns(10, 20_000, 10, 10), 800)).toBe(1);
  });

  it('are none where everything fits', () => {
    expect(turnsAbove(turns(10, 10, 10), 800)).toBe(0);
    expect(turnsAbove([], 800)).toBe(0);
  });

  it('are fewer the higher the window is', () => {
    const short = turns(...Array<number>(40).fill(60));
    const [low, high] = [turnsAbove(short, 600), turnsAbove(short, 1_200)];
    expect(low).toBeGreaterThan(high);
    expect(high).toBeGreaterThan(0);
  });
});
