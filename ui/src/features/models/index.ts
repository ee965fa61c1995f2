/** The model picker of the chat header, and the library: its list, model pages, folders and import. */
export { default as ImportDialog } from './ImportDialog.svelte';
export { default as LibraryColumn } from './LibraryColumn.svelte';
export { default as LibraryPage } from './LibraryPage.svelte';
export { default as ModelPicker } from './ModelPicker.svelte';
