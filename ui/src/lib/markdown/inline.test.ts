// @vitest-environment jsdom
// DOMPurify does not hold in happy-dom, so the door is tested in a DOM that it supports.

import { describe, expect, it } from 'vitest';
import { lexBlock, matchInlineMath, renderInline } from './inline';

/** What the page would hold. */
function page(text: string): HTMLElement {
  const node = document.createElement('div');
  node.innerHTML = renderInline(text);
  return node;
}

const ALLOWED = new Set(['A', 'B', 'BDI', 'BR', 'BUTTON', 'CODE', 'DEL', 'EM', 'I', 'INS', 'KBD', 'MARK', 'Q', 'S', 'SMALL', 'SPAN', 'STRONG', 'SUB', 'SUP', 'U']);

describe('hostile words', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)><script>alert(1)</script></svg>',
    '<style>*{display:none}</style>',
    '<iframe src="https://evil.example"></iframe>',
    '<object data="x"></object><embed src="x">',
    '<form action="https://evil.example"><input name=q></form>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](java&#x73;cript:alert(1))',
    '[x](java\u0000script:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '[x](blob:https://evil.example/x)',
    '<javascript:alert(1)>',
    '![x](https://evil.example/pixel.png)',
    '![x](data:image/svg+xml,<svg onload=alert(1)>)',
    '![x" onerror="alert(1)](https://evil.example)',
    '<b onclick="alert(1)" style="position:fixed" id="app" name="body">x</b>',
    '<kbd id=getElementById>x</kbd>',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=x"><link rel=stylesheet href=x>',
    '<template><script>alert(1)</script></template>',
    '<button data-footnote="1" onclick="alert(1)" formaction="javascript:alert(1)">x</button>',
    '`<script>alert(1)</script>`',
    '$<img src=x onerror=alert(1)>$',
    '[^"><img src=x onerror=alert(1)>]',
    '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
    '<kbd><img src=x onerror=alert(1)></kbd>',
    '<!--><img src=x onerror=alert(1)>-->',
    '<<b>script>alert(1)<</b>/script>',
  ];

  it.each(attacks)('%s brings nothing but plain elements', (attack) => {
    const node = page(attack);
    for (const element of node.querySelectorAll('*')) {
      expect(ALLOWED.has(element.tagName), element.tagName).toBe(true);
      for (const attribute of element.attributes) {
        expect(attribute.name).toMatch(/^(?:href|title|class|data-math|data-footnote|type|aria-label|target|rel)$/);
        if (attribute.name === 'href') expect(attribute.value).toMatch(/^(?:https?:\/\/|mailto:)/);
      }
    }
  });

  it('tags that are not allowed are shown as the text they are', () => {
    expect(page('a Vec<T> and <script>x</script>').textContent).toBe('a Vec<T> and <script>x</script>');
    expect(page('<thinking>hm</thinking>').textContent).toBe('<thinking>hm</thinking>');
  });

  it('allowed tags keep their meaning and lose their attributes', () => {
    expect(renderInline('H<sub id="x" style="color:red">2</sub>O')).toBe('H<sub>2</sub>O');
  });

  it('marks that turn the reading direction around are taken away', () => {
    expect(page('pay \u202egpj.exe\u202c now').textContent).toBe('pay gpj.exe now');
  });
});

describe('tildes', () => {
  it('delete in pairs only', () => {
    expect(renderInline('from ~5 to~10, ~~gone~~')).toBe('from ~5 to~10, <del>gone</del>');
  });
});

describe('links', () => {
  it('open outside and tell nothing about us', () => {
    const link = page('[docs](https://example.org/a)').querySelector('a');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer nofollow');
  });

  it('show the host they really lead to', () => {
    expect(page('[bank.example](https://evil.example/login)').textContent).toBe('bank.exampleevil.example');
    expect(page('[https://bank.example](https://evil.example)').querySelector('.link-host')?.textContent).toBe('evil.example');
    expect(page('[x](https://bank.example@evil.example/)').querySelector('.link-host')?.textContent).toBe('evil.example');
    expect(page('[аpple.com](https://аpple.com)').querySelector('.link-host')?.textContent).toBe('xn--pple-43d.com');
  });

  it('that are written out need no host beside them', () => {
    expect(page('https://example.org/a?b=1').querySelector('.link-host')).toBeNull();
    expect(page('[example.org](https://example.org/)').querySelector('.link-host')).toBeNull();
  });

  it('can be defined elsewhere', () => {
    const { links } = lexBlock('[ref]: https://example.org "t"');
    expect(renderInline('see [it][ref]', links)).toContain('href="https://example.org/"');
  });
});

describe('images', () => {
  it('are never loaded: they become a labelled link', () => {
    const node = page('![a cat](https://cdn.example/cat.png)');
    expect(node.querySelector('img')).toBeNull();
    expect(node.querySelector('a.image-chip')?.textContent).toBe('Image: a catcdn.example');
  });

  it('with an address that leads nowhere safe become a label', () => {
    const node = page('![x](data:image/png;base64,AAAA)');
    expect(node.querySelector('a')).toBeNull();
    expect(node.textContent).toBe('Image: x');
  });
});

describe('inline formulas', () => {
  it.each([
    ['$x$', 'x'],
    ['$E = mc^2$ is', 'E = mc^2'],
    ['\\(a + b\\)', 'a + b'],
    ['$\\frac{1}{2}$', '\\frac{1}{2}'],
    ['$5x + 3$', '5x + 3'],
    ['$$a$$', 'a'],
    ['$\\$5$', '\\$5'],
  ])('%s is one', (source, tex) => {
    expect(matchInlineMath(source)?.tex).toBe(tex);
  });

  it.each(['$5 and $10', '$5-$10', '$5, maybe $6)', '$5 per month or 6$', '$ x $', '$x', '$x\n\ny$', '$100k and the $200k', '$20.'])(
    '%s is none',
    (source) => {
      expect(matchInlineMath(source)).toBeNull();
    },
  );

  it('keep their source in the page until they are drawn', () => {
    expect(page('so $a<b$ holds').querySelector('[data-math="inline"]')?.textContent).toBe('a<b');
  });

  it('leave prices in a sentence alone', () => {
    expect(page('It costs $5, or $50 a year.').textContent).toBe('It costs $5, or $50 a year.');
  });

  it('leave code alone', () => {
    expect(page('`$a$`').querySelector('[data-math]')).toBeNull();
  });
});
