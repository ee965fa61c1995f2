/**
 * What of a document is drawn. Most are drawn at once; of a long one, where its reader begins, then the rest when
 * there is time, and past some thousands of lines only when it is asked for: no text makes the window stand still.
 */

import { untrack } from 'svelte';
import { fillingCount, lengthOf, MarkdownDocument, type BlockGroup, type DocumentView } from './document';
import { whenIdle } from './idle';

/** So much of a text is read in one go; a longer one is shown once it was read to its end. */
const READ_AT_ONCE = 400_000;
/** More than so many groups, some thousands of lines, are shown only when they are asked for. */
const MOST_GROUPS = 128;
/** A text longer than this is copied and compared for milliseconds each time it is looked at: while it grows, */
const LARGE = 1_000_000;
/** it is looked at so often. */
const LOOK_MS = 250;

/** What a component says of its document. */
interface Source {
  readonly source: string;
  /** More text is coming. */
  readonly streaming: boolean;
  /** Where the reader begins: a conversation is read from its end, a page from its start. */
  readonly reading: 'end' | 'start';
}

/** Follows the document of a component; to be made while that is. */
export class ShownDocument {
  /** All is shown, because it was asked for. */
  all = $state(false);
  readonly #of: Source;
  readonly #parsed = new MarkdownDocument();
  /** The text of a large document that grows, as it was looked at last; empty before that. */
  #seen = $state.raw('');
  #read = $state(READ_AT_ONCE);
  #whole: boolean = $state(false);
  /** Groups that are not shown yet, or no more: before the others where a reader begins at the end, after them otherwise. */
  #hidden = $state(0);
  /** Groups that were there when the page was drawn last: what comes faster than it can be drawn is drawn one by one. */
  #drawn = $state(0);
  // States of their own, set only when they change: every paragraph depends on them, and must not be asked at each delta
  // whether it is still up to date.
  #links: DocumentView['links'] = $state.raw({});
  #lastKey = $state(-1);

  readonly #isFollowed = $derived.by(() => this.#of.streaming && this.#of.source.length > LARGE);
  readonly #text = $derived.by(() => (this.#isFollowed && this.#seen !== '' ? this.#seen : this.#of.source));
  readonly #view: DocumentView = $derived.by(() =>
    this.#whole ? this.#parsed.update(this.#text, !this.#of.streaming) : this.#parsed.update(this.#text.slice(0, this.#read), false),
  );
  readonly #arrived = $derived.by(() => Math.min(this.#groups.length, this.#drawn + 1));

  /** What is drawn. */
  readonly shown: readonly BlockGroup[] = $derived.by(() => {
    if (!this.#whole) return [];
    const groups = this.#groups;
    if (this.#of.reading === 'start') return groups.slice(0, Math.max(0, this.#arrived - this.#hidden));
    return this.#hidden === 0 && this.#arrived === groups.length ? groups : groups.slice(this.#hidden, this.#arrived);
  });
  /** There is more, which is shown when it is asked for. */
  readonly folded = $derived.by(() => !this.all && this.#hidden > 0 && this.shown.length >= MOST_GROUPS);
  /** How much that is, in characters. */
  readonly foldedLength = $derived.by(() => {
    if (!this.folded) return 0;
    const out = this.#of.reading === 'end' ? this.#groups.slice(0, this.#hidden) : this.#groups.slice(this.#groups.length - this.#hidden);
    return out.reduce((sum, group) => sum + lengthOf(group), 0);
  });

  constructor(of: Source) {
    this.#of = of;
    untrack(() => {
      this.#whole = of.source.length <= READ_AT_ONCE;
      this.#beginReading();
      this.#tell();
    });
    $effect.pre(() => this.#tell());
    $effect(() => this.#readOn());
    $effect(() => this.#look());
    // Whoever is at the end of a conversation stays there; whoever reads above is held in place by the transcript.
    $effect(() => {
      if (this.#whole && this.#hidden > 0 && !this.folded) return whenIdle(() => (this.#hidden -= 1));
    });
    $effect(() => {
      const arrived = this.#arrived;
      if (!this.#whole || arrived === this.#groups.length) this.#drawn = arrived;
      else return whenIdle(() => (this.#drawn = arrived));
    });
    // An answer without end lets go of its beginning.
    $effect(() => {
      if (!this.all && of.reading === 'end' && this.shown.length > MOST_GROUPS) this.#hidden += this.shown.length - MOST_GROUPS;
    });
  }

  /** Targets of its links by name. */
  get links(): DocumentView['links'] {
    return this.#links;
  }

  /** The key of the last group, where what is being written ends; -1 if there is none. */
  get lastKey(): number {
    return this.#lastKey;
  }

  get #groups(): readonly BlockGroup[] {
    return this.#view.groups;
  }

  #tell(): void {
    this.#links = this.#view.links;
    this.#lastKey = this.#groups.length - 1;
  }

  #beginReading(): void {
    this.#drawn = this.#groups.length;
    this.#hidden = this.#drawn - fillingCount(this.#groups, this.#of.reading);
  }

  /** Reads a long text piece by piece. */
  #readOn(): (() => void) | undefined {
    if (this.#whole) return;
    void this.#read;
    return whenIdle(() => {
      this.#read += READ_AT_ONCE;
      if (this.#read < this.#text.length) return;
      this.#whole = true;
      this.#beginReading();
    });
  }

  /** Takes a large text as far as it came, now and then. */
  #look(): (() => void) | undefined {
    if (!this.#isFollowed) return;
    const timer = setInterval(() => (this.#seen = this.#of.source), LOOK_MS);
    return () => {
      clearInterval(timer);
      this.#seen = '';
    };
  }
}
