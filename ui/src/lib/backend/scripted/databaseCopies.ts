/** Copies of the database of the scripted backend. What is planned happens to nobody: nothing starts again here. */
import type { DatabaseCopies, DatabaseCopy } from '$/gen/protocol';
import { missing, type Handlers } from './host';

type CopyCommand = 'database_copy_list' | 'database_copy_make' | 'database_copy_plan' | 'database_copy_delete' | 'app_restart';

const AT = Date.UTC(2026, 8, 20, 10, 30);

const COPIES: DatabaseCopy[] = [
  { id: 'before-0030', at_ms: AT, size_bytes: 48_200_000, reason: 'upgrade', version: '0.2.0', usable: 'newer' },
  { id: 'before-0019', at_ms: AT - 86_400_000, size_bytes: 41_700_000, reason: 'upgrade', version: null, usable: 'usable' },
];

export function databaseCopyHandlers(can_restart: boolean): Pick<Handlers, CopyCommand> {
  let copies = COPIES;
  let planned: string | null = null;
  const all = (): DatabaseCopies => ({ copies, planned, problem: null, can_restart });
  const known = (id: string): void => {
    if (!copies.some((copy) => copy.id === id)) throw missing('copy of the database');
  };
  return {
    database_copy_list: all,
    database_copy_make: () => {
      const at_ms = AT + copies.length * 60_000;
      copies = [{ id: `copy-${at_ms}`, at_ms, size_bytes: 48_900_000, reason: 'asked', version: '0.1.0', usable: 'usable' }, ...copies];
      return all();
    },
    database_copy_plan: ({ id = null }) => {
      if (id !== null) known(id);
      planned = id;
      return all();
    },
    database_copy_delete: ({ id }) => {
      known(id);
      copies = copies.filter((copy) => copy.id !== id);
      if (planned === id) planned = null;
      return all();
    },
    app_restart: () => ({}),
  };
}
