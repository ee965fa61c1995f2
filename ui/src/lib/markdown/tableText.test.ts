import { describe, expect, it } from 'vitest';
import { tableText } from './tableText';

function table(...rows: string[][]): HTMLTableElement {
  const element = document.createElement('table');
  element.innerHTML = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('');
  return element;
}

describe('a table on the clipboard', () => {
  it('is tabs and lines, without what stands beside a link', () => {
    const link = '<a href="https://a.example">docs</a><bdi class="link-host">a.example</bdi>';
    expect(tableText(table(['name', 'where'], ['one\ttwo\nthree', link]))).toBe('name\twhere\none two three\tdocs');
  });

  it('has formulas as they were written', () => {
    const drawn = '<span class="katex"><span>x2</span><math><annotation>x^2</annotation></math><span>x2</span></span>';
    expect(tableText(table([`is ${drawn}`]))).toBe('is x^2');
  });

  it('runs nothing in a spreadsheet', () => {
    expect(tableText(table(['=1+1', '@SUM(A1)', '-5', '+3.5%', '-x', '- a']))).toBe("'=1+1\t'@SUM(A1)\t-5\t+3.5%\t'-x\t'- a");
  });
});
