import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import App from './app/App.svelte';
import { backend, setBackend } from './lib/backend';
import { Sirocco } from './lib/state';

async function start(): Promise<void> {
  if (import.meta.env.DEV) {
    const scripted = new URLSearchParams(location.search).get('scripted');
    if (scripted !== null) {
      const { scriptedPage } = await import('./lib/backend/scripted');
      const page = scriptedPage(scripted);
      Object.assign(window, { scripted: page });
      setBackend(page);
    }
  }
  const target = document.getElementById('app');
  if (target) mount(App, { target, props: { sirocco: new Sirocco(backend()) } });
}

void start();
