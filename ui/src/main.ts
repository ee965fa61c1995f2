import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import App from './app/App.svelte';
import { ShownLanguage } from './app/language/shown.svelte';
import { backend, setBackend } from './lib/backend';
import { Sirocco } from './lib/state';

async function start(): Promise<void> {
  if (import.meta.env.DEV) {
    const scripted = new URLSearchParams(location.search).get('scripted');
    if (scripted !== null) {
      const { scriptedPage } = await import('./lib/backend/scripted');
      setBackend(scriptedPage(scripted));
    }
  }
  const sirocco = new Sirocco(backend());
  // For whoever tries things out, by hand or as a test; a build knows nothing of it.
  if (import.meta.env.DEV) Object.assign(window, { scripted: sirocco.backend, sirocco });
  const shown = new ShownLanguage();
  // Without its texts the page is in English, which is better than none.
  await shown.show(shown.remembered()).catch(() => undefined);
  const target = document.getElementById('app');
  if (target) mount(App, { target, props: { sirocco, shown } });
}

void start();
