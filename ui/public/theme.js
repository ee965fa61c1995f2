// Runs before the first paint, outside the bundle, so that no window ever flashes in the wrong theme or size.
// Mirrors `src/lib/theme.ts` and `src/lib/appearance.ts`, which keep the remembered values up to date.
(function () {
  var root = document.documentElement;
  var theme = null;
  var appearance = null;
  try {
    theme = localStorage.getItem('sirocco.theme');
    appearance = JSON.parse(localStorage.getItem('sirocco.appearance') || 'null');
  } catch {
    // Storage may be switched off; the system's colours and usual sizes are a fine start.
  }
  if (!theme || theme === 'system') {
    theme = matchMedia('(prefers-contrast: more)').matches
      ? 'high_contrast'
      : matchMedia('(prefers-color-scheme: dark)').matches
        ? 'dark'
        : 'light';
  }
  root.dataset.theme = theme;
  if (appearance) {
    root.dataset.accent = appearance.accent;
    root.dataset.density = appearance.density;
    root.dataset.typeface = appearance.typeface;
    root.dir = appearance.direction === 'right_to_left' ? 'rtl' : 'ltr';
    root.style.setProperty('--interface-scale', String(appearance.interface_percent / 100));
    root.style.setProperty('--transcript-scale', String(appearance.transcript_percent / 100));
  }
})();
