/** The Developer page: the API server, who may use it, and who does. */
export { default as ServerColumn } from './ServerColumn.svelte';
export { default as ServerPage } from './ServerPage.svelte';
