/** Downloads of this session, as a drawer that the rail opens. */
export { default as DownloadsDrawer } from './DownloadsDrawer.svelte';
