/** What the parts of one document share: link targets and what a footnote mark leads to. */

import type { Links } from 'marked';
import { getContext, setContext } from 'svelte';

const KEY = Symbol('markdown links');

export function provideDocumentLinks(links: () => Links): void {
  setContext(KEY, links);
}

export function getDocumentLinks(): () => Links {
  return getContext<(() => Links) | undefined>(KEY) ?? (() => ({}));
}
