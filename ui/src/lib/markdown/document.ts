/** A Markdown document as it is shown: blocks in groups, so that a growing one touches its end only. */

import type { Links } from 'marked';
import { BlockSplitter, type Block } from './blocks';
import { lexBlock } from './inline';
import { LONGEST_BLOCK } from './limits';

/** Some blocks in a row. A full group of closed blocks is never made again. */
export interface BlockGroup {
  key: number;
  blocks: Block[];
}

/** What a component shows. */
export interface DocumentView {
  groups: BlockGroup[];
  /** Targets of `[text][name]`, as far as they are defined in closed blocks. */
  links: Links;
}

/** A group is full with so many blocks, */
const GROUP_BLOCKS = 32;
/** or with so much to draw: it is drawn in one go. */
const GROUP_WEIGHT = 4_500;
/** What an element costs, counted in characters. */
const LINE_WEIGHT = 70;
/** So much fills a window. */
const WINDOW_WEIGHT = 3_000;
const DEFINITION = /^ {0,3}\[[^\]^\n]+\]:[ \t]*\S/m;

/** Follows one document that grows at its end. */
export class MarkdownDocument {
  readonly #splitter = new BlockSplitter();
  #full: BlockGroup[] = [];
  /** The first block that is in no full group. */
  #next = 0;
  #links: Links = {};
  #read = 0;
  #beginnings = 0;

  /** The document as far as it came; everything is closed when it is `finished`. */
  update(source: string, finished: boolean): DocumentView {
    const blocks = this.#splitter.update(source, finished);
    if (this.#splitter.beginnings !== this.#beginnings) {
      this.#beginnings = this.#splitter.beginnings;
      this.#full = [];
      this.#next = 0;
      this.#links = {};
      this.#read = 0;
    }
    this.#readDefinitions(blocks, finished ? blocks.length : this.#splitter.closedCount);
    this.#fill(blocks, this.#splitter.closedCount);
    const rest = blocks.slice(this.#next);
    const groups = rest.length > 0 ? [...this.#full, { key: this.#full.length, blocks: rest }] : this.#full.slice();
    return { groups, links: this.#links };
  }

  /** Makes groups of closed blocks as long as they become full. */
  #fill(blocks: Block[], until: number): void {
    let weight = 0;
    for (let at = this.#next; at < until; at++) {
      weight += weightOf(blocks[at]);
      if (at + 1 - this.#next < GROUP_BLOCKS && weight < GROUP_WEIGHT) continue;
      this.#full.push({ key: this.#full.length, blocks: blocks.slice(this.#next, at + 1) });
      this.#next = at + 1;
      weight = 0;
    }
  }

  #readDefinitions(blocks: Block[], until: number): void {
    for (; this.#read < until; this.#read++) {
      const block = blocks[this.#read];
      if (block?.kind !== 'prose' || block.text.length > LONGEST_BLOCK || !DEFINITION.test(block.text)) continue;
      const { links } = lexBlock(block.text);
      if (Object.keys(links).length > 0) this.#links = { ...links, ...this.#links };
    }
  }
}

/** What drawing a block costs, about. */
function weightOf(block: Block | undefined): number {
  const text = block?.text ?? '';
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0 && lines * LINE_WEIGHT < GROUP_WEIGHT; at = text.indexOf('\n', at + 1)) lines++;
  return Math.min(text.length, GROUP_WEIGHT) + lines * LINE_WEIGHT;
}

/** How many groups at the end, or at the start, fill a window; all that there are if they do not. */
export function fillingCount(groups: readonly BlockGroup[], from: 'end' | 'start'): number {
  let weight = 0;
  let count = 0;
  while (count < groups.length && weight < WINDOW_WEIGHT) {
    const group = from === 'end' ? groups[groups.length - 1 - count] : groups[count];
    for (const block of group?.blocks ?? []) weight += weightOf(block);
    count += 1;
  }
  return count;
}

/** How many characters a group holds. */
export function lengthOf(group: BlockGroup): number {
  return group.blocks.reduce((sum, block) => sum + block.text.length, 0);
}
