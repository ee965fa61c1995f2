/** Moving a row of a list by its handle: with the pointer or with the arrow keys. */

/** How close to the edge of the list (in pixels) the pointer makes it scroll. */
const EDGE = 36;

/** Before which of the other rows a row lands that is let go at `y`; their number is the end. */
export function dropIndex(y: number, middles: number[]): number {
  const index = middles.findIndex((middle) => y < middle);
  return index < 0 ? middles.length : index;
}

interface Drag {
  id: string;
  startY: number;
  /** How far the row was pulled, in pixels. */
  by: number;
  /** The row it would land before; `null` is the end. */
  before: string | null;
}

export class Reorder {
  drag = $state<Drag | null>(null);
  readonly #rows = new Map<string, HTMLElement>();
  readonly #order: () => string[];
  readonly #move: (id: string, before: string | null) => void;

  constructor(order: () => string[], move: (id: string, before: string | null) => void) {
    this.#order = order;
    this.#move = move;
  }

  /** An attachment of each row. */
  row(id: string): (element: HTMLElement) => () => void {
    return (element) => {
      this.#rows.set(id, element);
      return () => {
        this.#rows.delete(id);
      };
    };
  }

  start(id: string, event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    (event.currentTarget as HTMLElement).focus();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.drag = { id, startY: event.clientY, by: 0, before: this.#after(id) };
  }

  pull(event: PointerEvent): void {
    const { drag } = this;
    if (!drag) return;
    const others = this.#order().filter((id) => id !== drag.id);
    const middles = others.map((id) => {
      const box = this.#rows.get(id)?.getBoundingClientRect();
      return box ? box.top + box.height / 2 : -Infinity;
    });
    drag.by = event.clientY - drag.startY;
    drag.before = others[dropIndex(event.clientY, middles)] ?? null;
    this.#scroll(drag, event.clientY);
  }

  drop(): void {
    const { drag } = this;
    this.drag = null;
    if (drag && drag.before !== this.#after(drag.id)) this.#move(drag.id, drag.before);
  }

  cancel(): void {
    this.drag = null;
  }

  #after(id: string): string | null {
    const order = this.#order();
    return order[order.indexOf(id) + 1] ?? null;
  }

  #scroll(drag: Drag, y: number): void {
    const list = this.#rows.get(drag.id)?.closest<HTMLElement>('[data-reorder-scroll]');
    if (!list) return;
    const { top, bottom } = list.getBoundingClientRect();
    const step = y < top + EDGE ? -12 : y > bottom - EDGE ? 12 : 0;
    const before = list.scrollTop;
    list.scrollTop += step;
    drag.startY -= list.scrollTop - before;
  }
}
