/**
 * Model cards as Markdown alone.
 *
 * Cards mix HTML into their Markdown: banners, badges, centred titles, tables. The Markdown view shows
 * foreign tags as the text they are, which is right for a model's words and ugly for a card. So the
 * HTML that cards use is rewritten as the Markdown it stands for, and the rest is dropped. Nothing here
 * makes HTML: what comes out goes through the Markdown view and its sanitising door like any other text.
 *
 * Everything is one pass over the text with patterns that cannot backtrack far: cards are up to 2 MiB of
 * anyone's choice.
 */

import { discoverStrings as s } from '$/lib/strings.en';

/** Where relative addresses of a card lead: the files of the repository, at the commit shown. */
export interface CardPlace {
  /** The repository's own page. */
  url: string;
  commit: string;
}

/** Tags whose content is no text. */
const UNREADABLE = /<(script|style|iframe|svg|head|title|noscript|template|object|video|audio)\b/gi;

/** The card as Markdown without foreign HTML, with absolute addresses. */
export function cardMarkdown(source: string, place: CardPlace): string {
  let text = '';
  let prose = '';
  let fence = '';
  for (const line of source.split(/(?<=\n)/)) {
    const marks = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence === '' && marks === '') {
      prose += line;
      continue;
    }
    text += readable(prose, place) + line;
    prose = '';
    if (fence === '') fence = marks;
    else if (marks.startsWith(fence)) fence = '';
  }
  text += readable(prose, place);
  return text.replace(/\n{3,}/g, '\n\n').trim();
}

/** Whether the card shows pictures, which are links here. */
export function hasPictures(markdown: string): boolean {
  return /!\[[^[\]\n]*\]\(/.test(markdown);
}

/** Code within a line is set aside: nothing in it is HTML, nor Markdown. */
function readable(text: string, place: CardPlace): string {
  if (!/[<[]/.test(text)) return text;
  const whole = withoutUnreadable(text);
  let read = '';
  let at = 0;
  for (const code of whole.matchAll(/`[^`\n]+`/g)) {
    read += prose(whole.slice(at, code.index), place) + code[0];
    at = code.index + code[0].length;
  }
  return read + prose(whole.slice(at), place);
}

const prose = (text: string, place: CardPlace) => absolute(withoutTags(tables(text)), place);

/** Drops comments, scripts and the like with what they hold. */
function withoutUnreadable(text: string): string {
  let kept = '';
  let at = 0;
  const lower = inSmallLetters(text);
  for (;;) {
    const comment = text.indexOf('<!--', at);
    UNREADABLE.lastIndex = at;
    const tag = UNREADABLE.exec(text);
    const isComment = comment >= 0 && (!tag || comment < tag.index);
    const start = isComment ? comment : (tag?.index ?? -1);
    if (start < 0) return kept + text.slice(at);
    const ending = isComment ? '-->' : `</${(tag?.[1] ?? '').toLowerCase()}>`;
    const end = lower.indexOf(ending, start);
    kept += text.slice(at, start);
    if (end < 0) return kept;
    at = end + ending.length;
  }
}

/** ASCII only: other letters change their length, and the places found would be wrong. */
const inSmallLetters = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** HTML tables as Markdown tables. The parser makes an inert document: nothing in it runs or loads. */
function tables(text: string): string {
  const lower = inSmallLetters(text);
  let read = '';
  let at = 0;
  for (;;) {
    const start = lower.indexOf('<table', at);
    const end = start < 0 ? -1 : lower.indexOf('</table>', start);
    if (end < 0) return read + text.slice(at);
    read += text.slice(at, start);
    at = end + '</table>'.length;
    read += tableMarkdown(text.slice(start, at));
  }
}

function tableMarkdown(html: string): string {
  const table = new DOMParser().parseFromString(html, 'text/html').querySelector('table');
  const rows = [...(table?.querySelectorAll('tr') ?? [])].map((row) => [...row.querySelectorAll('th, td')].map(cellMarkdown));
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (width === 0) return '';
  const line = (row: string[]) => `| ${Array.from({ length: width }, (_, at) => row[at] ?? '').join(' | ')} |`;
  const [head = [], ...body] = rows;
  return `\n\n${[line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n')}\n\n`;
}

function cellMarkdown(cell: Element): string {
  const link = cell.querySelector('a[href]');
  const picture = cell.querySelector('img[src]');
  const words = (cell.textContent ?? '').replace(/\s+/g, ' ').trim().replace(/\|/g, '\\|');
  if (link && words !== '') return `[${words}](${link.getAttribute('href')})`;
  if (picture && words === '') return `![${picture.getAttribute('alt') ?? ''}](${picture.getAttribute('src')})`;
  return words;
}

function attribute(tag: string, name: string): string {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag);
  return (match?.[1] ?? match?.[2] ?? match?.[3] ?? '').trim();
}

/** Brackets and line breaks would end a link early. */
const inLink = (words: string) => words.replace(/[[\]\n]/g, ' ').trim();
const inAddress = (href: string) => href.replace(/[\s()<>]/g, (character) => encodeURIComponent(character).replace('(', '%28').replace(')', '%29'));

function withoutTags(text: string): string {
  const links: string[] = [];
  return text.replace(/<(\/?)([a-z][a-z0-9]*)\b([^<>]*)>/gi, (tag: string, slash: string, named: string) => {
    const name = named.toLowerCase();
    const closing = slash === '/';
    if (name === 'a') {
      if (!closing) {
        const href = attribute(tag, 'href');
        links.push(href);
        return href === '' ? '' : '[';
      }
      const href = links.pop() ?? '';
      return href === '' ? '' : `](${inAddress(href)})`;
    }
    if (name === 'img') {
      const [source, alt] = [attribute(tag, 'src'), inLink(attribute(tag, 'alt'))];
      // Inside a link the words of a picture are the words of the link.
      if (links.length > 0) return alt || s.picture;
      return source === '' ? '' : `![${alt}](${inAddress(source)})`;
    }
    if (/^h[1-6]$/.test(name)) return closing ? '\n\n' : `\n\n${'#'.repeat(Number(name[1]))} `;
    switch (name) {
      case 'br':
        return '  \n';
      case 'hr':
        return '\n\n---\n\n';
      case 'li':
        return closing ? '' : '\n- ';
      case 'summary':
        return closing ? '**\n\n' : '\n\n**';
      case 'b': case 'strong': case 'i': case 'em': case 'code': case 'kbd': case 'sub': case 'sup': case 'u': case 's': case 'del': case 'mark':
        // Without its attributes, which the view would show as text.
        return `<${slash}${name}>`;
      case 'p': case 'div': case 'center': case 'details': case 'ul': case 'ol': case 'section': case 'figure': case 'figcaption': case 'header': case 'footer': case 'blockquote': case 'pre': case 'picture':
        return '\n\n';
      default:
        return HTML_INLINE.has(name) ? '' : tag;
    }
  });
}

/** Tags that are dropped; what is no tag of HTML (`Vec<T>`, `<think>`) stays as it is written. */
const HTML_INLINE = new Set(['span', 'font', 'source', 'small', 'big', 'input', 'button', 'label', 'link', 'meta', 'tbody', 'thead', 'tr', 'td', 'th', 'table', 'col', 'colgroup', 'caption', 'body', 'html', 'main', 'article', 'nav', 'aside', 'form', 'embed', 'path', 'g', 'time', 'abbr', 'cite', 'q', 'dl', 'dt', 'dd', 'ruby', 'rt', 'wbr', 'strike', 'tt', 'var', 'samp']);

/** `[![badge](picture)](link)` as a plain link, and relative addresses as absolute ones. */
function absolute(text: string, place: CardPlace): string {
  return text
    .replace(/\[!\[([^\]\n]*)\]\([^()\n]*\)\]\(([^()\s]+)[^()\n]*\)/g, (_, words: string, href: string) => `[${words || s.picture}](${href})`)
    .replace(/(\]\()\s*(?!#|[a-z][a-z0-9+.-]*:|\/\/)([^()\s]+)/gi, (_, open: string, href: string) => {
      const path = href.replace(/^(?:\.?\/)+/, '');
      return `${open}${place.url}/blob/${place.commit}/${path}`;
    })
    // Leads nowhere in a card that is part of a page; its words stay.
    .replace(/\[([^[\]\n]*)\]\(#[^()\s]*\)/g, '$1');
}
