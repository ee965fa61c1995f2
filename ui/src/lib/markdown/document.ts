/** A Markdown document as it is shown: blocks in groups, so that a growing one touches its end only. */

import type { Links } from 'marked';
import { BlockSplitter, type Block } from './blocks';
import { lexBlock } from './inline';

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

const GROUP = 32;
const DEFINITION = /^ {0,3}\[[^\]^\n]+\]:[ \t]*\S/m;

/** Follows one document that grows at its end. */
export class MarkdownDocument {
  readonly #splitter = new BlockSplitter();
  #full: BlockGroup[] = [];
  #links: Links = {};
  #read = 0;
  #source = '';

  /** The document as far as it came; everything is closed when it is `finished`. */
  update(source: string, finished: boolean): DocumentView {
    if (!source.startsWith(this.#source)) {
      this.#full = [];
      this.#links = {};
      this.#read = 0;
    }
    this.#source = source;
    const blocks = this.#splitter.update(source, finished);
    this.#readDefinitions(blocks, finished ? blocks.length : this.#splitter.closedCount);
    const fullCount = Math.floor(this.#splitter.closedCount / GROUP);
    while (this.#full.length < fullCount) {
      const key = this.#full.length;
      this.#full.push({ key, blocks: blocks.slice(key * GROUP, (key + 1) * GROUP) });
    }
    const groups = this.#full.slice();
    for (let at = groups.length * GROUP; at < blocks.length; at += GROUP) {
      groups.push({ key: groups.length, blocks: blocks.slice(at, at + GROUP) });
    }
    return { groups, links: this.#links };
  }

  #readDefinitions(blocks: Block[], until: number): void {
    for (; this.#read < until; this.#read++) {
      const block = blocks[this.#read];
      if (block?.kind !== 'prose' || !DEFINITION.test(block.text)) continue;
      const { links } = lexBlock(block.text);
      if (Object.keys(links).length > 0) this.#links = { ...links, ...this.#links };
    }
  }
}
