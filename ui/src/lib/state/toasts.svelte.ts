/** Short notices in a corner of the window, with at most one action (mostly "Undo"). */
import { BackendError } from '$/lib/backend';
import { sentence } from '$/lib/format';

export type ToastTone = 'neutral' | 'success' | 'danger';

export interface Toast {
  id: number;
  tone: ToastTone;
  text: string;
  /** A second, softer line. */
  detail: string | null;
  action: { label: string; run: () => void } | null;
  /** The share done of what it tells about. */
  progress: number | null;
}

export interface ToastOptions {
  tone?: ToastTone;
  detail?: string | null;
  action?: { label: string; run: () => void } | null;
  progress?: number | null;
  /** How long it stays while nobody points at it; 0 is until it is dismissed. */
  duration_ms?: number;
}

const SHOWN_AT_ONCE = 4;

export class Toasts {
  items = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, { timer: ReturnType<typeof setTimeout> | null; duration_ms: number }>();

  /** Shows a notice and answers its id. */
  show(text: string, options: ToastOptions = {}): number {
    const id = this.#next++;
    const toast: Toast = {
      id,
      text,
      tone: options.tone ?? 'neutral',
      detail: options.detail ?? null,
      action: options.action ?? null,
      progress: options.progress ?? null,
    };
    // The oldest make room, but not one that tells of work still going on.
    const plain = this.items.filter((one) => one.progress === null);
    const excess = new Set(plain.slice(0, Math.max(0, this.items.length - (SHOWN_AT_ONCE - 1))));
    const kept = this.items.filter((one) => !excess.has(one));
    for (const gone of this.items) if (!kept.includes(gone)) this.#forget(gone.id);
    this.items = [...kept, toast];
    const duration_ms = options.duration_ms ?? (toast.action ? 10_000 : toast.tone === 'danger' ? 9_000 : 5_000);
    this.#timers.set(id, { timer: null, duration_ms });
    this.resume(id);
    return id;
  }

  /** Shows what was thrown: what happened, and the next step where there is one. */
  error(thrown: unknown, action: Toast['action'] = null): number {
    const error = BackendError.from(thrown);
    return this.show(sentence(error.message), {
      tone: 'danger',
      detail: error.hint ? sentence(error.hint) : null,
      action,
    });
  }

  /** Changes what a notice says, if it is still there. */
  update(id: number, changes: Partial<Pick<Toast, 'text' | 'detail' | 'progress'>>): void {
    this.items = this.items.map((toast) => (toast.id === id ? { ...toast, ...changes } : toast));
  }

  dismiss(id: number): void {
    this.#forget(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  /** While someone points at it or has it focused, a notice stays. */
  hold(id: number): void {
    const entry = this.#timers.get(id);
    if (entry?.timer) clearTimeout(entry.timer);
    if (entry) entry.timer = null;
  }

  /** Starts its time (again). */
  resume(id: number): void {
    const entry = this.#timers.get(id);
    if (!entry || entry.duration_ms === 0 || entry.timer) return;
    entry.timer = setTimeout(() => this.dismiss(id), entry.duration_ms);
  }

  #forget(id: number): void {
    this.hold(id);
    this.#timers.delete(id);
  }
}
