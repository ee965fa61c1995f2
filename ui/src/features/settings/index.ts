/** Settings: groups in the list column, searchable rows in the main one. */
export { default as SettingsColumn } from './SettingsColumn.svelte';
export { default as ConnectionsPage } from './ConnectionsPage.svelte';
export { default as CrashesPage } from './crashes/CrashesPage.svelte';
export { default as SettingsPage } from './SettingsPage.svelte';
export { settingRows } from './rows';
export { SettingsSearch } from './search.svelte';
