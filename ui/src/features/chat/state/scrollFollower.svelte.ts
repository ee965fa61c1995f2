/**
 * Keeps a growing transcript where the reader wants it.
 *
 * Following stops at the first scroll upward and begins again only when the reader is back at the
 * end. While not following, the first turn in view keeps its place, whatever changes above it:
 * WebKitGTK does no scroll anchoring of its own, so the browsers that do are told not to.
 */

/** What is asked of the scrolling element. */
export interface ScrollPort {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** So close to the end counts as the end: fractions of pixels and rounding. */
const END_PX = 6;
/** The share of the port above a turn that is shown: what comes before it helps to understand it. */
const LEAD = 0.15;

export class ScrollFollower {
  /** The end stays in view as text arrives. */
  following = $state(true);
  /** The end is in view. */
  atEnd = $state(true);
  #port: ScrollPort | null = null;
  #turns: () => ArrayLike<HTMLElement> = () => [];
  #endsHere: () => boolean = () => true;
  #lastTop = 0;
  #lastHeight = 0;
  #lastClient = 0;
  #anchor: { element: HTMLElement; top: number } | null = null;

  /** `turns` answers the elements that can be an anchor, in order; `endsHere`, whether the last of them is really the last. */
  attach(port: ScrollPort, turns: () => ArrayLike<HTMLElement>, endsHere: () => boolean = () => true): void {
    this.#port = port;
    this.#turns = turns;
    this.#endsHere = endsHere;
    this.toEnd();
  }

  /** The element scrolled, by whomever. */
  onScroll(): void {
    const port = this.#port;
    if (!port) return;
    const end = this.#isAtEnd(port);
    const up = port.scrollTop < this.#lastTop - 0.5;
    // Content that became shorter, or a port that became taller, pushes the position up without anyone scrolling.
    const shrank = port.scrollHeight < this.#lastHeight || port.clientHeight > this.#lastClient;
    if (up && !shrank) this.following = false;
    if (end && !(up && !shrank) && this.#endsHere()) this.following = true;
    this.#remember(port, end);
  }

  /** The reader is about to scroll up: a wheel, a key or a finger. */
  onIntentUp(): void {
    const port = this.#port;
    if (port && port.scrollTop > 0) this.following = false;
  }

  /** The content or the window changed its size. */
  onResize(): void {
    const port = this.#port;
    if (!port) return;
    if (this.following) {
      this.#scrollTo(port, port.scrollHeight);
    } else if (this.#anchor?.element.isConnected) {
      const moved = this.#anchor.element.getBoundingClientRect().top - this.#anchor.top;
      if (Math.abs(moved) >= 0.5) this.#scrollTo(port, port.scrollTop + moved);
    }
    this.#remember(port, this.#isAtEnd(port));
  }

  /**
   * The content changed; its size may not have. WebKit clamps the position of a block that is empty
   * for the blink in which its text is put in anew, and tells it later like a reader's scroll.
   */
  onChange(): void {
    const port = this.#port;
    if (port && this.following && !this.#isAtEnd(port)) this.onResize();
  }

  /** Goes to the end, and stays there if it is the real one. */
  toEnd(): void {
    this.following = this.#endsHere();
    const port = this.#port;
    if (!port) return;
    this.#scrollTo(port, port.scrollHeight);
    this.#remember(port, true);
  }

  /** Brings a turn into view, a little below the top, and leaves the end alone. */
  show(turn: HTMLElement): void {
    const port = this.#port;
    if (!port) return;
    this.following = false;
    const below = turn.getBoundingClientRect().top - this.#edge();
    this.#scrollTo(port, port.scrollTop + below - port.clientHeight * LEAD);
    this.#remember(port, this.#isAtEnd(port));
  }

  /** Holds on to the turn in view before something is put in above it; `onResize` then keeps it. */
  hold(): void {
    const port = this.#port;
    if (port) this.#remember(port, this.#isAtEnd(port));
  }

  #isAtEnd(port: ScrollPort): boolean {
    return port.scrollHeight - port.clientHeight - port.scrollTop <= END_PX;
  }

  #scrollTo(port: ScrollPort, top: number): void {
    port.scrollTop = top;
  }

  #remember(port: ScrollPort, end: boolean): void {
    this.#lastTop = port.scrollTop;
    this.#lastHeight = port.scrollHeight;
    this.#lastClient = port.clientHeight;
    this.atEnd = end;
    if (this.following) {
      this.#anchor = null;
      return;
    }
    const turn = this.#firstInView(this.#turns());
    // Within a long turn, its first block in view is the better hold: the turn may grow above it.
    const blocks = turn?.querySelectorAll?.<HTMLElement>('.markdown > *');
    const element = (blocks && this.#firstInView(blocks)) ?? turn;
    this.#anchor = element ? { element, top: element.getBoundingClientRect().top } : null;
  }

  /** Where the port begins on the screen. */
  #edge(): number {
    const port = this.#port as unknown as HTMLElement;
    return typeof port.getBoundingClientRect === 'function' ? port.getBoundingClientRect().top : 0;
  }

  /** The first element whose end is below the top of the port; they are in order, so halves suffice. */
  #firstInView(turns: ArrayLike<HTMLElement>): HTMLElement | null {
    const edge = this.#edge();
    let low = 0;
    let high = turns.length - 1;
    let found: HTMLElement | null = null;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const turn = turns[middle];
      if (!turn) break;
      if (turn.getBoundingClientRect().bottom > edge) {
        found = turn;
        high = middle - 1;
      } else {
        low = middle + 1;
      }
    }
    return found;
  }
}
