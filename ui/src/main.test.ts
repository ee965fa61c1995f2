/** The page's first file: without it the window stays empty, and no other test would notice. */
import { waitFor } from '@testing-library/svelte';
import { expect, it } from 'vitest';

it('the interface is put into the page', async () => {
  history.replaceState(null, '', '/?scripted');
  document.body.innerHTML = '<div id="app"></div>';
  await import('./main');
  await waitFor(() => expect(document.querySelector('#app main#main')).not.toBeNull(), { timeout: 10_000 });
  expect(document.title).toContain('Sirocco');
}, 20_000);
