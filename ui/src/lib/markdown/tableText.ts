/** A table as tab-separated lines, which every spreadsheet takes from the clipboard. */
export function tableText(table: HTMLTableElement): string {
  return [...table.rows].map((row) => [...row.cells].map(cellText).join('\t')).join('\n');
}

function cellText(cell: HTMLTableCellElement): string {
  const copy = cell.cloneNode(true) as HTMLElement;
  for (const host of copy.querySelectorAll('.link-host')) host.remove();
  // A drawn formula holds its text three times; what was written is in its annotation.
  for (const formula of copy.querySelectorAll('.katex')) {
    formula.replaceWith(formula.querySelector('annotation')?.textContent ?? formula.textContent ?? '');
  }
  const text = (copy.textContent ?? '').replace(/\s+/g, ' ').trim();
  // A spreadsheet would take it for a formula, and a model's words must not run there either.
  return /^[=@]|^[+-](?![\d.,]*%?$)/.test(text) ? `'${text}` : text;
}
