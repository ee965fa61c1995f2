/** The `/` that opens the list of prompts while a message is written. */
import type { LibraryPrompt } from '$/gen/protocol';

export interface Slash {
  /** Where the `/` stands. */
  start: number;
  /** Where the word after it ends: the caret. */
  end: number;
  /** What was typed after it. */
  query: string;
}

/** The `/` that the caret stands behind: it begins the text or a line, for anywhere else it is a word's own, and has no blank after it. */
export function slashAt(text: string, caret: number): Slash | null {
  const match = /(?:^|\n)\/([^\s/]*)$/u.exec(text.slice(0, caret));
  if (!match) return null;
  const query = match[1] ?? '';
  return { start: caret - query.length - 1, end: caret, query };
}

/** Whether the title begins so. Titles have blanks and what is typed has none: `/stepby` begins “Step by step”. */
export function begins({ title }: LibraryPrompt, query: string): boolean {
  const wanted = query.toLocaleLowerCase();
  return [title, title.replace(/\s/gu, '')].some((words) => words.toLocaleLowerCase().startsWith(wanted));
}

/** Prompts whose title has the query in it; those that have it at the start of a word come first. */
export function matching(prompts: readonly LibraryPrompt[], query: string): LibraryPrompt[] {
  const wanted = query.toLocaleLowerCase();
  const rank = (prompt: LibraryPrompt): number => {
    const words = prompt.title.toLocaleLowerCase();
    if (begins(prompt, query)) return 0;
    if (words.split(/[\s-]+/u).some((word) => word.startsWith(wanted))) return 1;
    return words.replace(/\s/gu, '').includes(wanted) ? 2 : 3;
  };
  return prompts
    .map((prompt) => ({ prompt, rank: rank(prompt) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((one) => one.prompt);
}

/** The text with a part replaced, and where the caret stands after it. */
export function replaced(text: string, start: number, end: number, by: string): { text: string; caret: number } {
  return { text: text.slice(0, start) + by + text.slice(end), caret: start + by.length };
}
