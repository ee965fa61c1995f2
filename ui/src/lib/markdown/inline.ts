/**
 * Inline Markdown to safe HTML: marked reads it, our renderer writes it, the door checks it.
 *
 * Links show their real host beside words that are not the address. Images are never loaded: they
 * become a chip that links to them. Tags that are not on the list of writable ones are shown as
 * the text they are, so `Vec<T>` keeps its `<T>`.
 */

import { Lexer, Marked, Parser, type Links, type Token, type TokenizerAndRendererExtension, type Tokens } from 'marked';
import { escapeHtml, safeHtml, safeUrl, withoutOverrides, WRITABLE_TAGS } from './sanitise';

/** The words of one paragraph, cell or item. `links` are the document's reference definitions. */
export function renderInline(text: string, links: Links = {}): string {
  const plain = withoutOverrides(text);
  if (!/[<>&*_~`[\]\\$!:@#"'\n]|www\./.test(plain)) return plain;
  const lexer = new Lexer(marked.defaults);
  lexer.tokens.links = links;
  return safeHtml(Parser.parseInline(lexer.inlineTokens(plain), marked.defaults));
}

/** The structure of a prose block, without its inline parts. */
export function lexBlock(text: string): { tokens: Token[]; links: Links } {
  const lexer = new Lexer(marked.defaults);
  const tokens = lexer.blockTokens(text, []);
  return { tokens, links: lexer.tokens.links };
}

/**
 * What closes a formula that opens at the start of `source`, by rules that leave prices alone:
 * no blank inside the dollars, no digit after the closing one, and no prose after a number.
 */
export function matchInlineMath(source: string): { raw: string; tex: string; display: boolean } | null {
  const bracket = /^\\\(((?:(?!\\\))[\s\S]){1,2000}?)\\\)/.exec(source) ?? null;
  if (bracket) return { raw: bracket[0], tex: (bracket[1] ?? '').trim(), display: false };
  const square = /^\\\[((?:(?!\\\])[\s\S]){1,4000}?)\\\]/.exec(source) ?? null;
  if (square) return { raw: square[0], tex: (square[1] ?? '').trim(), display: true };
  const double = /^\$\$(?!\$)((?:(?!\n\n|\$\$)[\s\S]){1,4000}?)\$\$(?!\$)/.exec(source);
  if (double) return { raw: double[0], tex: (double[1] ?? '').trim(), display: true };
  const single = /^\$(?![\s$])((?:\\[\s\S]|[^\\$\n]){1,500}?)\$(?![\d$])/.exec(source);
  const tex = single?.[1];
  if (!single || tex === undefined || /\s$/.test(tex)) return null;
  if (/^\d/.test(tex) && !/[\\^_{}=]/.test(tex) && /[a-z]{3,}|\s[a-z]{2,}\s/i.test(tex)) return null;
  return { raw: single[0], tex, display: false };
}

const math: TokenizerAndRendererExtension = {
  name: 'math',
  level: 'inline',
  start: (source) => {
    const at = source.search(/\$|\\[([]/);
    return at < 0 ? undefined : at;
  },
  tokenizer: (source) => {
    const found = matchInlineMath(source);
    return found ? { type: 'math', raw: found.raw, tex: found.tex, display: found.display } : undefined;
  },
  renderer: (token) =>
    `<span class="math-source" data-math="${token.display === true ? 'display' : 'inline'}">${escapeHtml(String(token.tex))}</span>`,
};

const footnoteMark: TokenizerAndRendererExtension = {
  name: 'footnoteMark',
  level: 'inline',
  start: (source) => {
    const at = source.indexOf('[^');
    return at < 0 ? undefined : at;
  },
  tokenizer: (source) => {
    const found = /^\[\^([^\]\s^]{1,60})\](?!\()/.exec(source);
    return found ? { type: 'footnoteMark', raw: found[0], label: found[1] } : undefined;
  },
  renderer: (token) => {
    const label = escapeHtml(String(token.label));
    return `<sup><button type="button" class="footnote-mark" data-footnote="${label}" aria-label="Footnote ${label}">${label}</button></sup>`;
  },
};

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: [math, footnoteMark],
  tokenizer: {
    // One tilde is "about" (`~5`) far more often than it is a deletion.
    del: (source: string) => (/^~[^~]/.test(source) ? undefined : false),
  },
  renderer: {
    html: ({ text }: Tokens.HTML | Tokens.Tag) => writableTag(text) ?? escapeHtml(text),
    codespan: ({ text }: Tokens.Codespan) => `<code class="inline-code">${escapeHtml(text)}</code>`,
    image: ({ href, text, title }: Tokens.Image) => imageChip(href, text !== '' ? text : (title ?? '')),
    link(token: Tokens.Link) {
      return link(token.href, this.parser.parseInline(token.tokens), token.text);
    },
  },
});

/** A tag from the list, stripped of every attribute; null for any other. */
function writableTag(text: string): string | null {
  const match = /^<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?\/?>$/i.exec(text.trim());
  const name = match?.[2]?.toLowerCase();
  if (!match || !name || !WRITABLE_TAGS.has(name)) return null;
  return `<${match[1] ?? ''}${name}>`;
}

function link(href: string, inner: string, text: string): string {
  const url = safeUrl(href);
  if (!url) return inner;
  const host = url.protocol === 'mailto:' ? url.pathname : url.host;
  const shown = host.replace(/^www\./, '');
  const said = text.trim().replace(/^(?:https?:\/\/|mailto:)/i, '').replace(/^www\./, '');
  const isAddress = said === shown || said.startsWith(`${shown}/`) || said.startsWith(`${shown}?`);
  const address = escapeHtml(url.href);
  const beside = isAddress || shown === '' ? '' : `<bdi class="link-host">${escapeHtml(shown)}</bdi>`;
  return `<a class="link" href="${address}" title="${address}">${inner}</a>${beside}`;
}

function imageChip(href: string, text: string): string {
  const url = safeUrl(href);
  const label = escapeHtml(text.trim() === '' ? 'Image' : `Image: ${text.trim()}`);
  if (!url || url.protocol === 'mailto:') return `<span class="image-chip">${label}</span>`;
  const address = escapeHtml(url.href);
  return `<a class="image-chip" href="${address}" title="${address}">${label}<bdi class="link-host">${escapeHtml(url.host)}</bdi></a>`;
}
