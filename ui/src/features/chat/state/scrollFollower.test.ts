import { describe, expect, it } from 'vitest';
import { ScrollFollower, type TurnPlace } from './scrollFollower.svelte';

/** A scrolling element with turns of given heights. */
class Page {
  heights: number[];
  clientHeight = 500;
  #top = 0;

  constructor(heights: number[]) {
    this.heights = heights;
  }

  get scrollHeight(): number {
    return this.heights.reduce((sum, height) => sum + height, 0);
  }

  get scrollTop(): number {
    return this.#top;
  }

  set scrollTop(value: number) {
    this.#top = Math.max(0, Math.min(value, this.scrollHeight - this.clientHeight));
  }

  getBoundingClientRect() {
    return { top: 0 };
  }

  turns(): ArrayLike<HTMLElement> {
    return this.heights.map((_, at) => this.#turn(at));
  }

  readonly #made = new Map<number, HTMLElement>();

  #turn(at: number): HTMLElement {
    const fromEnd = this.heights.length - at;
    let turn = this.#made.get(fromEnd);
    if (!turn) {
      const rect = () => {
        const index = this.heights.length - fromEnd;
        const top = this.heights.slice(0, index).reduce((sum, height) => sum + height, 0) - this.#top;
        return { top, bottom: top + (this.heights[index] ?? 0) };
      };
      const dataset = { message: `m${fromEnd}` };
      turn = { isConnected: true, dataset, getBoundingClientRect: rect } as unknown as HTMLElement;
      this.#made.set(fromEnd, turn);
    }
    return turn;
  }
}

function attached(heights: number[], endsHere = { value: true }) {
  const page = new Page(heights);
  const follower = new ScrollFollower();
  follower.attach(page, () => page.turns(), null, () => endsHere.value);
  const scroll = (top: number) => {
    page.scrollTop = top;
    follower.onScroll();
  };
  const grow = (at: number, by: number) => {
    page.heights[at] = (page.heights[at] ?? 0) + by;
    follower.onResize();
  };
  return { page, follower, scroll, grow };
}

describe('following', () => {
  it('keeps the end in view as text arrives', () => {
    const { page, grow } = attached([400, 400]);
    grow(1, 120);
    expect(page.scrollTop).toBe(420);
  });

  it('stops at the first scroll upward, however small', () => {
    const { page, follower, scroll, grow } = attached([400, 400]);
    scroll(299);
    expect(follower.following).toBe(false);
    grow(1, 100);
    expect(page.scrollTop).toBe(299);
  });

  it('stops before the first wheel turn has moved anything', () => {
    const { page, follower, grow } = attached([400, 400]);
    follower.onIntentUp();
    grow(1, 100);
    expect(page.scrollTop).toBe(300);
    expect(follower.following).toBe(false);
  });

  it('begins again only at the end', () => {
    const { page, follower, scroll, grow } = attached([400, 400]);
    scroll(100);
    scroll(250);
    expect(follower.following).toBe(false);
    scroll(300);
    expect(follower.following).toBe(true);
    grow(1, 50);
    expect(page.scrollTop).toBe(350);
  });

  it('goes on when the content becomes shorter', () => {
    const { page, follower, scroll } = attached([400, 400]);
    page.heights[1] = 200;
    scroll(page.scrollTop);
    expect(follower.following).toBe(true);
  });

  it('goes on when the composer below becomes lower', () => {
    const { page, follower, scroll, grow } = attached([400, 400]);
    page.clientHeight = 540;
    scroll(page.scrollTop);
    expect([page.scrollTop, follower.following]).toEqual([260, true]);
    grow(1, 100);
    expect(page.scrollTop).toBe(360);
  });

  it('goes back to the end when asked to', () => {
    const { page, follower, scroll } = attached([400, 400]);
    scroll(0);
    follower.toEnd();
    expect(page.scrollTop).toBe(300);
    expect(follower.following).toBe(true);
  });
});

describe('a reader who is elsewhere', () => {
  it('keeps the place when older turns are put in above', () => {
    const { page, follower, scroll } = attached([400, 400, 400]);
    scroll(10);
    follower.hold();
    page.heights.unshift(300, 300);
    follower.onResize();
    expect(page.scrollTop).toBe(610);
  });

  it('keeps the place when a turn above changes its height', () => {
    const { page, scroll, grow } = attached([400, 400, 400]);
    scroll(450);
    grow(0, 80);
    expect(page.scrollTop).toBe(530);
  });

  it('is not moved by text that arrives below', () => {
    const { page, scroll, grow } = attached([400, 400, 400]);
    scroll(450);
    grow(2, 500);
    expect(page.scrollTop).toBe(450);
  });

  it('sees a turn that is shown a little below the top, and keeps it', () => {
    const { page, follower, grow } = attached([400, 400, 400, 400]);
    follower.show(page.turns()[1] as HTMLElement);
    expect([page.scrollTop, follower.following]).toEqual([325, false]);
    grow(3, 200);
    expect(page.scrollTop).toBe(325);
  });

  it('does not follow where more turns come behind the last one there', () => {
    const endsHere = { value: false };
    const { follower, scroll } = attached([400, 400], endsHere);
    scroll(100);
    scroll(300);
    expect(follower.following).toBe(false);
    endsHere.value = true;
    scroll(300);
    expect(follower.following).toBe(true);
  });

  it('is told when the end is out of sight', () => {
    const { follower, scroll, grow } = attached([400, 400]);
    scroll(295);
    expect(follower.atEnd).toBe(true);
    grow(1, 100);
    expect(follower.atEnd).toBe(false);
  });

  it('stays at the end when a turn is empty for a blink and as high as before after it', () => {
    const { follower, page } = attached([400, 400]);
    page.heights[1] = 0;
    page.scrollTop = page.scrollHeight;
    page.heights[1] = 400;
    follower.onChange();
    follower.onScroll();
    expect([page.scrollTop, follower.following, follower.atEnd]).toEqual([300, true, true]);
  });
});

describe('a place where somebody read before', () => {
  function returning(heights: number[], wanted: TurnPlace) {
    const page = new Page(heights);
    const follower = new ScrollFollower();
    follower.attach(page, () => page.turns(), wanted);
    return { page, follower };
  }

  it('is told while not following, by turn and offset', () => {
    const { follower, scroll } = attached([400, 400, 400]);
    expect(follower.place).toBeNull();
    scroll(450);
    expect(follower.place).toEqual({ message: 'm2', offset_px: -50 });
    scroll(700);
    expect(follower.place).toBeNull();
  });

  it('is found again, and the text that arrives below does not move it', () => {
    const { page, follower } = returning([400, 400, 400, 900], { message: 'm3', offset_px: -50 });
    expect([page.scrollTop, follower.following, follower.seeking]).toEqual([450, false, false]);
    page.heights[3] = 2000;
    follower.onResize();
    expect(page.scrollTop).toBe(450);
  });

  it('is held while what is above it and within it is still drawn', () => {
    const { page, follower } = returning([10, 10, 600], { message: 'm2', offset_px: -300 });
    follower.onScroll();
    expect([follower.following, follower.place]).toEqual([false, { message: 'm2', offset_px: -300 }]);
    page.heights = [400, 900, 600];
    follower.onResize();
    expect(page.scrollTop).toBe(700);
    page.scrollTop = 650;
    follower.onScroll();
    page.heights = [500, 900, 600];
    follower.onResize();
    expect(page.scrollTop).toBe(750);
  });

  it('is waited for until its turn has come', () => {
    const { page, follower } = returning([600], { message: 'm3', offset_px: -20 });
    expect(follower.seeking).toBe(true);
    page.heights = [300, 300, 600];
    follower.onResize();
    expect([page.scrollTop, follower.seeking]).toEqual([20, false]);
  });

  it('is the end when its turn is gone', () => {
    const { page, follower } = returning([600, 600], { message: 'gone', offset_px: 0 });
    follower.settle();
    expect([page.scrollTop, follower.following, follower.seeking]).toEqual([700, true, false]);
  });
});
