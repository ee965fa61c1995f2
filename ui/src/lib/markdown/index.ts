/**
 * Markdown as models write it: streamed, hostile, and long.
 *
 * `Markdown.svelte` shows it; `sanitise.ts` is the one door to the page's HTML. Blocks come from
 * `blocks.ts` (line by line, closed ones final), their inside from marked, colours from shiki,
 * formulas from KaTeX and diagrams from mermaid, the last three fetched when first needed.
 */
export { copyText } from './clipboard';
export { default as LongText } from './LongText.svelte';
export { default as Markdown } from './Markdown.svelte';
export { default as SourceText } from './SourceText.svelte';
