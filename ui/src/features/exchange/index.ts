/** Importing conversations of other apps: one dialog, which the frame holds and `sirocco().exchange` opens. */
export { default as ExchangeDialog } from './ExchangeDialog.svelte';
