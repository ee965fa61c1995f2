/** The theme of the page. `public/theme.js` applies the remembered one before the first paint. */
import type { Theme } from '$/gen/protocol';

const KEY = 'sirocco.theme';

/** A theme with colours of its own; `system` is one of them at any moment. */
export type ShownTheme = Exclude<Theme, 'system'>;

/** What `system` means now. */
export function systemTheme(): ShownTheme {
  if (matchMedia('(prefers-contrast: more)').matches) return 'high_contrast';
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Shows a theme now and remembers it for the next start. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme === 'system' ? systemTheme() : theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the next start begins in the system's colours; nothing else is lost.
  }
}

/** Calls back when what `system` means changes. */
export function watchSystemTheme(onChange: () => void): () => void {
  const queries = [matchMedia('(prefers-contrast: more)'), matchMedia('(prefers-color-scheme: dark)')];
  for (const query of queries) query.addEventListener('change', onChange);
  return () => {
    for (const query of queries) query.removeEventListener('change', onChange);
  };
}
