/** The search that the settings' list column and page share. */
import { rowsFor, type SettingsGroup, type SettingsRow } from './rows';

export class SettingsSearch {
  query = $state('');
  readonly rows: SettingsRow[] = $derived(rowsFor(this.query));
  /** Groups that have rows, in their order. */
  readonly groups: SettingsGroup[] = $derived([...new Set(this.rows.map((row) => row.group))]);
}

/** The id of a group's heading, to scroll to. */
export function groupId(group: SettingsGroup): string {
  return `settings-${group}`;
}

/** The id of a row, to scroll to. */
export function rowId(name: string): string {
  return `setting-${name}`;
}
