/** Discover: the search of the Hub as the list column, and the page of a repository as the main one. */
export { default as DiscoverColumn } from './DiscoverColumn.svelte';
export { default as DiscoverPage } from './DiscoverPage.svelte';
export { HubBrowser } from './state/browser.svelte';
