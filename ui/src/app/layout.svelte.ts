/** Which columns show, how wide, and when they lie over the main one. */

export const LIST_MIN = 220;
export const LIST_MAX = 420;
export const LIST_STANDARD = 280;
/** Under this width of the window the inspector lies over the main column, */
const INSPECTOR_OVERLAYS_UNDER = 900;
/** and above it as well while the main column would be narrower than this. */
const MAIN_MIN = 420;
const RAIL_WIDTH = 56;
const INSPECTOR_WIDTH = 320;
/** Under this width the list lies over it too. */
const LIST_OVERLAYS_UNDER = 700;

export class FrameLayout {
  windowWidth = $state(1200);
  listWidth = $state(LIST_STANDARD);
  /** Beside the main column, where there is room. */
  #listBeside = $state(true);
  #inspectorBeside = $state(true);
  /** Over it, where there is none. Closed until asked for. */
  #listOver = $state(false);
  #inspectorOver = $state(false);

  readonly listOverlays: boolean = $derived(this.windowWidth < LIST_OVERLAYS_UNDER);
  readonly inspectorOverlays: boolean = $derived(
    this.windowWidth < INSPECTOR_OVERLAYS_UNDER ||
      this.windowWidth - RAIL_WIDTH - (this.#listBeside ? this.listWidth : 0) - INSPECTOR_WIDTH < MAIN_MIN,
  );
  readonly listShown: boolean = $derived(this.listOverlays ? this.#listOver : this.#listBeside);
  readonly inspectorShown: boolean = $derived(this.inspectorOverlays ? this.#inspectorOver : this.#inspectorBeside);
  /** Something lies over the main column; a click beside it closes it. */
  readonly covered: boolean = $derived(
    (this.listOverlays && this.listShown) || (this.inspectorOverlays && this.inspectorShown),
  );

  setList(shown: boolean): void {
    if (this.listOverlays) {
      this.#listOver = shown;
      if (shown) this.#inspectorOver = false;
    } else this.#listBeside = shown;
  }

  setInspector(shown: boolean): void {
    if (this.inspectorOverlays) {
      this.#inspectorOver = shown;
      if (shown) this.#listOver = false;
    } else this.#inspectorBeside = shown;
  }

  toggleList(): void {
    this.setList(!this.listShown);
  }

  /** Answers whether it is now shown beside the main column, when that is what changed. */
  toggleInspector(): boolean | null {
    this.setInspector(!this.inspectorShown);
    return this.inspectorOverlays ? null : this.inspectorShown;
  }

  /** Closes what lies over the main column. */
  uncover(): void {
    this.#listOver = false;
    this.#inspectorOver = false;
  }
}
