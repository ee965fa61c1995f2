/**
 * Splits a Markdown document into top-level blocks, line by line.
 *
 * Why not marked's lexer at this level: what a streamed document has shown must never change, so a
 * block may be called closed only by lines that are complete. This machine looks at each complete
 * line once and never back, hence the promise of `closed`: whatever is appended later, the closed
 * blocks of a prefix are the first blocks of the whole. marked reads the inside of each block.
 *
 * Not here: references between blocks (see `definitions.ts`) and everything inline.
 *
 * @example
 * const splitter = new BlockSplitter();
 * splitter.update('# A\n\ntext', true).map((b) => b.kind); // ['prose', 'prose']
 */

import { LONGEST_LINE } from './limits';

/** One top-level block. Keys count from 0 and never move. */
export type Block = ProseBlock | CodeBlock | MathBlock;

interface Common {
  /** Position in the document; stable. */
  key: number;
  /** Later text cannot change it any more. */
  closed: boolean;
  /** Belongs to the list (or the paragraph) of the block before; it was cut for its length only. */
  continues: boolean;
}

/** Paragraphs, lists, quotes, tables, headings: whatever marked reads. */
export interface ProseBlock extends Common {
  kind: 'prose';
  text: string;
}

/** A fenced block. */
export interface CodeBlock extends Common {
  kind: 'code';
  /** First word after the fence, lower case; empty for none. */
  language: string;
  /** The code without fences. Grows only at its end. */
  text: string;
}

/** Displayed mathematics. While it is open, `text` is its source as far as it came. */
export interface MathBlock extends Common {
  kind: 'math';
  text: string;
}

/** A list or paragraph is cut after so many lines, so that the open block stays cheap. */
const CUT_LINES = 60;

const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const MARKER = /^( *)([-*+]|\d{1,9}[.)])( +|\t|$)/;
/** A row of dashes longer than this divides no table; its expression would go back and forth in it. */
const LONGEST_DELIMITER = 1_000;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const FOOTNOTE = /^ {0,3}\[\^[^\]\s]+\]:/;
/** The beginning of a line that may still become a marker: shown only when it is decided. */
const UNDECIDED =
  /^[ \t]*(?:[-*+_=#>|~`$\\]|\d{1,9}[.)]?|[-=]{2,}|#{2,6}|`{2,}[\w+#.-]*|~{2,}|\$\$|\\\[?|[-*+] |\[\^?|\[[ xX]?|[-*+] \[[ xX]?)$/;

type ProseShape = 'paragraph' | 'list' | 'quote' | 'table' | 'footnote' | 'indented';

type Open =
  | { kind: 'none' }
  | {
      kind: 'prose';
      shape: ProseShape;
      lines: string[];
      blank: boolean;
      /** Column at which the text of the latest list item begins. */
      contentIndent: number;
      fence: { marker: string; length: number } | null;
      continues: boolean;
    }
  | { kind: 'code'; marker: string; length: number; indent: number; language: string; text: string; lines: number }
  | { kind: 'math'; closer: '$$' | '\\]'; lines: string[] };

/** Whether a text begins with all of another. Of megabytes, a slice is compared ten times as fast as by `startsWith`. */
export function continues(text: string, beginning: string): boolean {
  return text.length >= beginning.length && text.slice(0, beginning.length) === beginning;
}

/** Splits a document that grows. Feed it the whole text each time; it reads only what is new. */
export class BlockSplitter {
  #source = '';
  /** Up to here, lines are complete and read. */
  #offset = 0;
  #open: Open = { kind: 'none' };
  #closed: Block[] = [];
  #beginnings = 0;

  /**
   * All blocks of `source`. With `finished`, everything is closed; without, the last one may be
   * open. A source that does not continue the one before is read from its beginning.
   */
  update(source: string, finished: boolean): Block[] {
    if (!continues(source, this.#source)) this.#reset();
    this.#source = source;
    let end = source.indexOf('\n', this.#offset);
    while (end !== -1) {
      this.#open = this.#line(this.#open, withoutReturn(source.slice(this.#offset, end)), this.#closed);
      this.#offset = end + 1;
      end = source.indexOf('\n', this.#offset);
    }
    return this.#view(withoutReturn(source.slice(this.#offset)), finished);
  }

  /** How many blocks can no longer change. */
  get closedCount(): number {
    return this.#closed.length;
  }

  /** How often a source did not continue the one before. */
  get beginnings(): number {
    return this.#beginnings;
  }

  #reset(): void {
    this.#source = '';
    this.#offset = 0;
    this.#open = { kind: 'none' };
    this.#closed = [];
    this.#beginnings += 1;
  }

  /** The closed blocks and what the open one looks like with the incomplete last line. */
  #view(partial: string, finished: boolean): Block[] {
    const undecided = !finished && partial.length <= LONGEST_LINE && UNDECIDED.test(partial) && this.#open.kind !== 'code';
    const shown = undecided ? '' : partial;
    const blocks = this.#closed.slice();
    let open = this.#open;
    if (shown !== '') open = this.#line(copyOf(open), shown, blocks, !finished);
    for (let i = this.#closed.length; i < blocks.length && !finished; i++) {
      const block = blocks[i];
      if (block) blocks[i] = { ...block, closed: false };
    }
    const last = this.#finish(open, blocks.length, finished);
    if (last) blocks.push(last);
    return blocks;
  }

  /** Reads one line; closes blocks into `out`; returns what is open after it. */
  #line(open: Open, line: string, out: Block[], partial = false): Open {
    switch (open.kind) {
      case 'code':
        return this.#codeLine(open, line, out, partial);
      case 'math':
        return this.#mathLine(open, line, out);
      case 'prose':
        return this.#proseLine(open, line, out);
      case 'none':
        return this.#begin(line, out, false);
    }
  }

  #codeLine(open: Extract<Open, { kind: 'code' }>, line: string, out: Block[], partial: boolean): Open {
    const match = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line);
    const fence = match?.[1];
    if (fence && fence.startsWith(open.marker) && fence.length >= open.length) {
      out.push(codeBlock(open, out.length, true));
      return { kind: 'none' };
    }
    // An incomplete line that may become the closing fence is not shown as code.
    if (partial && /^ {0,3}(?:`{1,}|~{1,})$/.test(line) && line.trimStart().startsWith(open.marker)) return open;
    let cut = 0;
    while (cut < open.indent && line[cut] === ' ') cut++;
    const text = cut > 0 ? line.slice(cut) : line;
    open.text = open.lines === 0 ? text : `${open.text}\n${text}`;
    open.lines++;
    return open;
  }

  #mathLine(open: Extract<Open, { kind: 'math' }>, line: string, out: Block[]): Open {
    // A blank line ends no formula anyone writes, and none is that long: the opener was just text.
    if (line.length > LONGEST_LINE) return this.#next(prose('paragraph', mathSource(open)), line, out);
    if (line.trim() === '') {
      return { ...prose('paragraph', mathSource(open)), blank: true };
    }
    const trimmed = line.trimEnd();
    if (trimmed.endsWith(open.closer)) {
      open.lines.push(trimmed.slice(0, -2));
      out.push({ kind: 'math', key: out.length, closed: true, continues: false, text: open.lines.join('\n').trim() });
      return { kind: 'none' };
    }
    open.lines.push(line);
    return open;
  }

  #proseLine(open: Extract<Open, { kind: 'prose' }>, line: string, out: Block[]): Open {
    if (line.length > LONGEST_LINE) return this.#next(open, line, out);
    const blank = line.trim() === '';
    const indent = indentOf(line);
    if (open.fence) {
      if (blank || indent >= open.contentIndent) {
        const fence = /^ *(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
        if (fence?.startsWith(open.fence.marker) && fence.length >= open.fence.length) open.fence = null;
        open.lines.push(line);
        return open;
      }
      open.fence = null;
      open.blank = true;
    }
    if (blank) {
      open.blank = true;
      open.lines.push('');
      return open;
    }
    const inside = open.shape === 'list' && indent >= open.contentIndent;
    if (!inside && (FENCE.test(line) || opensMath(line) || HEADING.test(line) || FOOTNOTE.test(line))) {
      return this.#next(open, line, out);
    }
    const marker = RULE.test(line) ? null : MARKER.exec(line);
    if (open.blank && !continuesAfterBlank(open, indent, marker)) return this.#next(open, line, out);
    if (open.lines.length >= CUT_LINES && mayCut(open, marker)) return this.#next(open, line, out, true);
    if (open.shape === 'list') {
      if (marker && indent <= open.contentIndent + 3) open.contentIndent = contentIndentOf(marker);
      const fence = /^ *(?:(?:[-*+]|\d{1,9}[.)]) +)?(`{3,}|~{3,})[^`]*$/.exec(line)?.[1];
      if (fence && (inside || marker)) open.fence = { marker: fence.slice(0, 1), length: fence.length };
    } else if (open.shape === 'paragraph' && marker && /^ {0,3}(?:[-*+]|1[.)]) +\S/.test(line)) {
      return this.#next(open, line, out);
    } else if (open.shape === 'paragraph' && isDelimiterRow(line)) {
      open.shape = 'table';
    }
    open.blank = false;
    open.lines.push(line);
    return open;
  }

  #next(open: Extract<Open, { kind: 'prose' }>, line: string, out: Block[], continues = false): Open {
    const block = this.#finish(open, out.length, true);
    if (block) out.push(block);
    return this.#begin(line, out, continues);
  }

  /** What a line starts when nothing is open. */
  #begin(line: string, out: Block[], continues: boolean): Open {
    if (line.trim() === '') return { kind: 'none' };
    if (line.length > LONGEST_LINE) return { ...prose('paragraph', line), continues };
    const fence = FENCE.exec(line);
    if (fence && !(fence[2]?.startsWith('`') && fence[3]?.includes('`'))) {
      const marks = fence[2] ?? '```';
      return {
        kind: 'code',
        marker: marks.slice(0, 1),
        length: marks.length,
        indent: (fence[1] ?? '').length,
        language: languageOf(fence[3] ?? ''),
        text: '',
        lines: 0,
      };
    }
    if (opensMath(line)) {
      const trimmed = line.trim();
      const closer = trimmed.startsWith('$$') ? '$$' : '\\]';
      const rest = trimmed.slice(2);
      if (rest.length >= 2 && rest.endsWith(closer)) {
        out.push({ kind: 'math', key: out.length, closed: true, continues: false, text: rest.slice(0, -2).trim() });
        return { kind: 'none' };
      }
      return { kind: 'math', closer, lines: rest === '' ? [] : [rest] };
    }
    if (HEADING.test(line)) {
      out.push({ kind: 'prose', key: out.length, closed: true, continues: false, text: line });
      return { kind: 'none' };
    }
    const marker = RULE.test(line) ? null : MARKER.exec(line);
    const indent = indentOf(line);
    if (indent >= 4) return { ...prose('indented', line), continues };
    if (marker) {
      const open = { ...prose('list', line), contentIndent: contentIndentOf(marker), continues };
      const inner = /^(`{3,}|~{3,})[^`]*$/.exec(line.slice(marker[0].length))?.[1];
      if (inner) open.fence = { marker: inner.slice(0, 1), length: inner.length };
      return open;
    }
    if (/^ {0,3}>/.test(line)) return { ...prose('quote', line), continues };
    if (FOOTNOTE.test(line)) return { ...prose('footnote', line), contentIndent: 2, continues };
    return { ...prose('paragraph', line), continues };
  }

  #finish(open: Open, key: number, closed: boolean): Block | null {
    switch (open.kind) {
      case 'none':
        return null;
      case 'code':
        return codeBlock(open, key, closed);
      case 'math':
        return closed
          ? { kind: 'prose', key, closed, continues: false, text: mathSource(open) }
          : { kind: 'math', key, closed, continues: false, text: open.lines.join('\n') };
      case 'prose':
        return { kind: 'prose', key, closed, continues: open.continues, text: open.lines.join('\n').trimEnd() };
    }
  }
}

/** All blocks of a document that will not grow. */
export function splitBlocks(source: string): Block[] {
  return new BlockSplitter().update(source, true);
}

function prose(shape: ProseShape, line: string): Extract<Open, { kind: 'prose' }> {
  return { kind: 'prose', shape, lines: [line], blank: false, contentIndent: 0, fence: null, continues: false };
}

function codeBlock(open: Extract<Open, { kind: 'code' }>, key: number, closed: boolean): CodeBlock {
  return { kind: 'code', key, closed, continues: false, language: open.language, text: open.text };
}

/** The words of a formula that turned out to be none. */
function mathSource(open: Extract<Open, { kind: 'math' }>): string {
  return (open.closer === '$$' ? '$$\n' : '\\[\n') + open.lines.join('\n');
}

/** Blocks are changed in place while reading; the incomplete last line must not reach the original. */
function copyOf(open: Open): Open {
  switch (open.kind) {
    case 'prose':
    case 'math':
      return { ...open, lines: open.lines.slice() };
    default:
      return { ...open };
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function indentOf(line: string): number {
  let columns = 0;
  for (const character of line) {
    if (character === ' ') columns++;
    else if (character === '\t') columns += 4 - (columns % 4);
    else break;
  }
  return columns;
}

function contentIndentOf(marker: RegExpExecArray): number {
  const padding = marker[3] ?? '';
  const width = padding.length >= 1 && padding.length <= 4 && padding !== '\t' ? padding.length : 1;
  return (marker[1] ?? '').length + (marker[2] ?? '').length + width;
}

function continuesAfterBlank(
  open: Extract<Open, { kind: 'prose' }>,
  indent: number,
  marker: RegExpExecArray | null,
): boolean {
  switch (open.shape) {
    case 'list':
      return marker !== null || indent >= Math.min(open.contentIndent, 2);
    case 'footnote':
      return indent >= 2;
    case 'indented':
      return indent >= 4;
    default:
      return false;
  }
}

function mayCut(open: Extract<Open, { kind: 'prose' }>, marker: RegExpExecArray | null): boolean {
  if (open.shape === 'list') return marker !== null && marker[1] === '';
  return open.shape === 'paragraph';
}

function opensMath(line: string): boolean {
  return /^ {0,3}(?:\$\$(?!\$)(?:[^$]*|[^$]+\$\$\s*)$|\\\[(?:(?!\\\]).)*(?:\\\]\s*)?$)/.test(line);
}

function isDelimiterRow(line: string): boolean {
  return line.length <= LONGEST_DELIMITER && line.includes('-') && /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/.test(line) && line.includes('|');
}

function languageOf(info: string): string {
  const word = info.trim().split(/[\s{,]/, 1)[0] ?? '';
  return word.replace(/^[.:]+/, '').toLowerCase().slice(0, 40);
}
