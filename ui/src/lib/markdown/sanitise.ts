/**
 * The one door through which HTML made from a model's words enters the page.
 *
 * A model's output is hostile input. Everything that becomes an `{@html}` in this app is made
 * here: `safeHtml` (DOMPurify with a short allow-list), `codeHtml` (spans we write ourselves from
 * escaped text) and nothing else. No images, no styles, no ids, no handlers, no foreign schemes.
 */

import DOMPurify from 'dompurify';

/** Tags a model may write itself; others are shown as the text they are. */
export const WRITABLE_TAGS: ReadonlySet<string> = new Set([
  'b', 'br', 'code', 'del', 'em', 'i', 'ins', 'kbd', 'mark', 'q', 's', 'small', 'strong', 'sub', 'sup', 'u',
]);

const TAGS = [...WRITABLE_TAGS, 'a', 'bdi', 'span', 'button'];
const ATTRIBUTES = ['href', 'title', 'class', 'data-math', 'data-footnote', 'type', 'aria-label', 'target', 'rel'];

/** Classes our own renderer writes; any other class is dropped. */
const CLASSES = new Set(['link', 'link-host', 'image-chip', 'math-source', 'footnote-mark', 'inline-code']);

let purify: ReturnType<typeof DOMPurify> | undefined;

function door(): ReturnType<typeof DOMPurify> {
  if (purify) return purify;
  purify = DOMPurify(window);
  purify.addHook('uponSanitizeAttribute', (_node, attribute) => {
    if (attribute.attrName === 'class' && !CLASSES.has(attribute.attrValue)) attribute.keepAttr = false;
    if (attribute.attrName === 'href' && safeUrl(attribute.attrValue) === null) attribute.keepAttr = false;
  });
  purify.addHook('afterSanitizeAttributes', (node) => {
    if (node.tagName === 'A') {
      node.setAttribute('target', '_blank');
      node.setAttribute('rel', 'noopener noreferrer nofollow');
    }
    if (node.tagName === 'BUTTON') node.setAttribute('type', 'button');
  });
  return purify;
}

/** HTML that can be put into the page. */
export function safeHtml(html: string): string {
  return door().sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    // Not addresses, so the rule for addresses is not theirs.
    ADD_URI_SAFE_ATTR: ['data-math', 'data-footnote', 'aria-label'],
    KEEP_CONTENT: true,
    SANITIZE_DOM: true,
  });
}

/** `&`, `<`, `>`, `"` and `'` as entities. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A link's target if it is one that may be followed, otherwise null. */
export function safeUrl(href: string): URL | null {
  // Browsers ignore control characters and blanks inside a scheme; so must the check.
  // eslint-disable-next-line no-control-regex -- exactly these are meant
  const plain = href.replace(/[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '');
  if (!/^(?:https?:\/\/|mailto:)/i.test(plain)) return null;
  try {
    return new URL(plain);
  } catch {
    return null;
  }
}

/** Takes away the marks that make text read otherwise than it is stored. */
export function withoutOverrides(text: string): string {
  return text.replace(/[\u202a-\u202e]/g, '');
}

/** The same marks, and the isolates, made visible: in code they must not hide. */
export function revealOverrides(text: string): string {
  return text.replace(
    /[\u202a-\u202e\u2066-\u2069]/g,
    (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase()}⟩`,
  );
}

/** A piece of highlighted code. */
export interface CodePiece {
  text: string;
  /** One of the classes of `highlight.ts`, or empty. */
  kind: string;
}

/** Lines of highlighted code as spans. `kind` is ours; the text is escaped. */
export function codeHtml(lines: readonly (readonly CodePiece[])[]): string {
  return lines
    .map((pieces) =>
      pieces
        .map((piece) =>
          piece.kind === '' || !/^[a-z-]+$/.test(piece.kind)
            ? escapeHtml(piece.text)
            : `<span class="tk-${piece.kind}">${escapeHtml(piece.text)}</span>`,
        )
        .join(''),
    )
    .join('\n');
}
