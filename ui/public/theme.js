// Runs before the first paint, outside the bundle, so that no window ever flashes in the wrong theme.
// Mirrors `src/lib/theme.ts`, which keeps the remembered value up to date.
(function () {
  var theme = null;
  try {
    theme = localStorage.getItem('sirocco.theme');
  } catch {
    // Storage may be switched off; the system's colours are a fine start.
  }
  if (!theme || theme === 'system') {
    theme = matchMedia('(prefers-contrast: more)').matches
      ? 'high_contrast'
      : matchMedia('(prefers-color-scheme: dark)').matches
        ? 'dark'
        : 'light';
  }
  document.documentElement.dataset.theme = theme;
})();
