/**
 * Whether somebody is in front of the window: it is visible, and was not left for another one.
 *
 * `document.hasFocus()` is not asked: under a display without a window manager it stays false however
 * much the reader does. A window counts as left from the moment it loses the focus until it gets it
 * back or something is done in it.
 */
export class Presence {
  #left = false;

  get here(): boolean {
    return !this.#left && document.visibilityState !== 'hidden';
  }

  /** Calls back when the reader is there again. Answers the function that ends it. */
  start(onReturn: () => void): () => void {
    const leave = () => (this.#left = true);
    const act = () => {
      if (!this.#left) return;
      this.#left = false;
      onReturn();
    };
    const see = () => {
      if (this.here) onReturn();
    };
    window.addEventListener('blur', leave);
    window.addEventListener('focus', act);
    for (const name of ACTS) window.addEventListener(name, act, { capture: true });
    document.addEventListener('visibilitychange', see);
    return () => {
      window.removeEventListener('blur', leave);
      window.removeEventListener('focus', act);
      for (const name of ACTS) window.removeEventListener(name, act, { capture: true });
      document.removeEventListener('visibilitychange', see);
    };
  }
}

const ACTS = ['pointerdown', 'keydown'] as const;
