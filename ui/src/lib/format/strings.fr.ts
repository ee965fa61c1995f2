import type { Translation } from '$/lib/language';
import type * as en from './strings.en';

export const formatStrings: Translation<typeof en.formatStrings> = {
  decimal: ['octets', 'ko', 'Mo', 'Go', 'To'],
  binary: ['octets', 'Kio', 'Mio', 'Gio', 'Tio'],
  windows: ['octets', 'Ko', 'Mo', 'Go', 'To'],
  thousand: 'k',
  million: 'M',
  billion: 'Md',
  day: 'jour',
  days: 'jours',
  left: (time) => `encore ${time}`,
  justNow: 'à l’instant',
  minutesAgo: (minutes) => `il y a ${minutes} min`,
  yesterday: 'hier',
};
