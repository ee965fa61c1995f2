/** Small choices that the page itself keeps between starts, such as the order of a list. */

const PREFIX = 'sirocco.';

/** What was chosen last, if it is still one of the choices. */
export function remembered<Choice extends string>(name: string, choices: readonly Choice[], standard: Choice): Choice {
  try {
    const kept = localStorage.getItem(PREFIX + name);
    return choices.find((choice) => choice === kept) ?? standard;
  } catch {
    // A browser may forbid storage; then nothing is remembered.
    return standard;
  }
}

/** The words that were kept last; none in a list that was never kept. */
export function rememberedWords(name: string): string[] {
  try {
    return (localStorage.getItem(PREFIX + name) ?? '').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}

export function remember(name: string, choice: string): void {
  try {
    localStorage.setItem(PREFIX + name, choice);
  } catch {
    // As above.
  }
}

/** A text that was kept; empty if none was. */
export function rememberedText(name: string): string {
  try {
    return localStorage.getItem(PREFIX + name) ?? '';
  } catch {
    return '';
  }
}

/** Keeps a text; an empty one leaves nothing behind. */
export function rememberText(name: string, text: string): void {
  try {
    if (text === '') localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, text);
  } catch {
    // As above, and a text may be longer than what is granted.
  }
}

/** What this window kept until it is closed, also over a reload. */
export function rememberedHere(name: string): string | null {
  try {
    return sessionStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keeps it; null forgets it. */
export function rememberHere(name: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(PREFIX + name);
    else sessionStorage.setItem(PREFIX + name, value);
  } catch {
    // As above.
  }
}
