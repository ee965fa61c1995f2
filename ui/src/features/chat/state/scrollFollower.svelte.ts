/**
 * Keeps a growing transcript where the reader wants it.
 *
 * Following stops at the first scroll upward and begins again only when the reader is back at the
 * end. While not following, the first turn in view keeps its place, whatever changes above it:
 * WebKitGTK does no scroll anchoring of its own, so the browsers that do are told not to.
 *
 * A place where somebody read before is found again and held until they move: turns come page by page,
 * and long ones block by block.
 */

/** What is asked of the scrolling element. */
export interface ScrollPort {
  scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

/** A turn and how far its top is below the top of the port. */
export interface TurnPlace {
  /** `data-message` of the turn. */
  message: string;
  offset_px: number;
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
  /** The turn of a wanted place is not there yet. */
  seeking = $state(false);
  /** Where the reader is; `null` while following. Kept up to date, since it is asked for when the page is gone. */
  place: TurnPlace | null = null;
  #wanted: TurnPlace | null = null;
  #wantedTurn: HTMLElement | null = null;
  #port: ScrollPort | null = null;
  #turns: () => ArrayLike<HTMLElement> = () => [];
  #endsHere: () => boolean = () => true;
  #lastTop = 0;
  #lastHeight = 0;
  #lastClient = 0;
  #anchor: { element: HTMLElement; top: number } | null = null;

  /**
   * `turns` answers the elements that can be an anchor, in order; `endsHere`, whether the last of them is really the
   * last. Begins at a place, or at the end.
   */
  attach(port: ScrollPort, turns: () => ArrayLike<HTMLElement>, wanted: TurnPlace | null = null, endsHere: () => boolean = () => true): void {
    this.#port = port;
    this.#turns = turns;
    this.#endsHere = endsHere;
    if (wanted) {
      this.following = false;
      this.place = this.#wanted = wanted;
      this.seeking = !this.#restore(port);
    } else this.toEnd();
  }

  /** All turns there will be are there: without the wanted one, the end is where to begin. */
  settle(): void {
    if (!this.#port || !this.seeking) return;
    if (this.#restore(this.#port)) this.seeking = false;
    else this.toEnd();
  }

  /** The element scrolled, by whomever. */
  onScroll(): void {
    const port = this.#port;
    if (!port) return;
    if (this.#wanted) {
      // Our own scrolling to the wanted place is told as well.
      if (Math.abs(port.scrollTop - this.#lastTop) < 1) return;
      this.#wanted = null;
    }
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
    if (!port || port.scrollTop <= 0) return;
    this.following = false;
    this.#wanted = null;
  }

  /** The content or the window changed its size. */
  onResize(): void {
    const port = this.#port;
    if (!port) return;
    if (this.#wanted) {
      if (this.#restore(port)) this.seeking = false;
      return;
    }
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
    if (port && (this.#wanted || (this.following && !this.#isAtEnd(port)))) this.onResize();
  }

  /** Goes to the end, and stays there if it is the real one. */
  toEnd(): void {
    this.following = this.#endsHere();
    this.seeking = false;
    this.#wanted = null;
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
    this.seeking = false;
    this.#wanted = null;
    const below = turn.getBoundingClientRect().top - this.#edge();
    this.#scrollTo(port, port.scrollTop + below - port.clientHeight * LEAD);
    this.#remember(port, this.#isAtEnd(port));
  }

  /** Holds on to the turn in view before something is put in above it; `onResize` then keeps it. */
  hold(): void {
    const port = this.#port;
    if (port) this.#remember(port, this.#isAtEnd(port));
  }

  /** Goes to the wanted place; false while its turn is not there. */
  #restore(port: ScrollPort): boolean {
    const wanted = this.#wanted;
    if (!wanted) return false;
    if (!this.#wantedTurn?.isConnected) {
      this.#wantedTurn = Array.from(this.#turns()).find((one) => one.dataset.message === wanted.message) ?? null;
    }
    const turn = this.#wantedTurn;
    if (!turn) return false;
    this.#scrollTo(port, port.scrollTop + turn.getBoundingClientRect().top - this.#edge() - wanted.offset_px);
    this.#remember(port, this.#isAtEnd(port));
    return true;
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
      this.place = null;
      return;
    }
    const turn = this.#firstInView(this.#turns());
    if (!this.#wanted) this.place = turn && this.#placeOf(turn);
    // Within a long turn, its first block in view is the better hold: the turn may grow above it.
    const blocks = turn?.querySelectorAll?.<HTMLElement>('.markdown > *');
    const element = (blocks && this.#firstInView(blocks)) ?? turn;
    this.#anchor = element ? { element, top: element.getBoundingClientRect().top } : null;
  }

  #placeOf(turn: HTMLElement): TurnPlace | null {
    const { message } = turn.dataset;
    return message ? { message, offset_px: turn.getBoundingClientRect().top - this.#edge() } : null;
  }

  /** Where the port begins, in the window. */
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
