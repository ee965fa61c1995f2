/**
 * The text of one code block, cut into chunks of lines. New text touches the last chunk only;
 * colours arrive later, chunk by chunk, and change no line's height.
 */

import { continues } from './blocks';
import { grammarOf, highlighterNow, loadHighlighter, type Highlight, type LineState } from './highlight';
import { whenIdle } from './idle';
import { codeHtml, escapeHtml, revealOverrides } from './sanitise';

/** Small enough to colour again at each delta, large enough to keep the page's tree small. */
const CHUNK_LINES = 50;
/** Lines beyond these stay plain. */
const COLOURED_LINES = 4_000;

/** Some lines of code; all but the last chunk end with a line break. */
export class CodeChunk {
  readonly key: number;
  /** Coloured lines, as HTML from the door. */
  html = $state('');
  /** What is not coloured yet. */
  rest = $state('');
  text = '';
  lines = 0;
  /** Characters of `text` that `html` shows. */
  coloured = 0;
  endState: LineState = undefined;
  done = false;

  constructor(key: number) {
    this.key = key;
  }

  append(text: string): void {
    this.text += text;
    this.rest = this.text.slice(this.coloured);
  }

  /** Its lines as HTML from the door, each by itself. */
  get numbered(): string[] {
    const lines = (this.html + escapeHtml(this.rest)).split('\n');
    // The break after the last line begins none in this chunk.
    if (lines.length > 1 && lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Shows the first `length` characters as `html`. */
  colour(html: string, length: number): void {
    this.html = html;
    this.coloured = length;
    this.rest = this.text.slice(length);
  }
}

/** Feeds a growing code block into chunks and has them coloured. */
export class CodeView {
  chunks = $state.raw<CodeChunk[]>([]);
  #code = '';
  #grammar: string | null = null;
  #finished = false;
  #cancel: (() => void) | null = null;
  /** Chunks before this one have their colours. */
  #next = 0;
  #destroyed = false;

  /** Takes the code as far as it came. */
  update(code: string, language: string, finished: boolean): void {
    const grammar = grammarOf(language);
    const shown = revealOverrides(code);
    if (grammar !== this.#grammar || !continues(shown, this.#code)) this.#reset(grammar);
    this.#append(shown.slice(this.#code.length));
    this.#code = shown;
    this.#finished = finished;
    this.#schedule();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#cancel?.();
  }

  #reset(grammar: string | null): void {
    this.#grammar = grammar;
    this.#code = '';
    this.#next = 0;
    this.chunks = [];
  }

  #append(text: string): void {
    let from = 0;
    const chunks = this.chunks.slice();
    while (from < text.length) {
      let chunk = chunks.at(-1);
      if (!chunk || chunk.lines >= CHUNK_LINES) {
        chunk = new CodeChunk(chunks.length);
        chunks.push(chunk);
      }
      let to = from;
      while (chunk.lines < CHUNK_LINES && to < text.length) {
        const end = text.indexOf('\n', to);
        if (end === -1) to = text.length;
        else {
          to = end + 1;
          chunk.lines++;
        }
      }
      chunk.append(text.slice(from, to));
      from = to;
    }
    if (chunks.length !== this.chunks.length) this.chunks = chunks;
  }

  #schedule(): void {
    if (this.#grammar === null || this.#cancel || this.#destroyed || !this.#hasWork()) return;
    const highlight = highlighterNow(this.#grammar);
    if (highlight) {
      this.#cancel = whenIdle(() => {
        this.#cancel = null;
        this.#colourNext(highlight);
        this.#schedule();
      });
    } else {
      const grammar = this.#grammar;
      void loadHighlighter(grammar).then((loaded) => {
        if (loaded && grammar === this.#grammar) this.#schedule();
      });
    }
  }

  #hasWork(): boolean {
    const chunk = this.chunks[this.#next];
    if (!chunk || this.#next * CHUNK_LINES >= COLOURED_LINES) return false;
    return this.#wanted(chunk) > chunk.coloured;
  }

  /** How much of a chunk can be coloured: complete lines, or all of it at the end. */
  #wanted(chunk: CodeChunk): number {
    if (this.#finished && this.#next === this.chunks.length - 1) return chunk.text.length;
    return chunk.text.lastIndexOf('\n') + 1;
  }

  #colourNext(highlight: Highlight): void {
    const chunk = this.chunks[this.#next];
    if (!chunk) return;
    const length = this.#wanted(chunk);
    const text = chunk.text.slice(0, length);
    const broken = text.endsWith('\n');
    const before = this.#next > 0 ? this.chunks[this.#next - 1]?.endState : undefined;
    const { lines, state } = highlight(broken ? text.slice(0, -1) : text, before);
    chunk.colour(codeHtml(lines) + (broken ? '\n' : ''), length);
    if (chunk.lines >= CHUNK_LINES && length === chunk.text.length) {
      chunk.endState = state;
      this.#next++;
    }
  }
}
