/** Units and words of figures. */
export const formatStrings = {
  /** In steps of 1,000, of 1,024, and of 1,024 as Windows writes them. */
  decimal: ['bytes', 'kB', 'MB', 'GB', 'TB'],
  binary: ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'],
  windows: ['bytes', 'KB', 'MB', 'GB', 'TB'],
  thousand: 'K',
  million: 'M',
  billion: 'B',
  day: 'day',
  days: 'days',
  left: (time: string) => `${time} left`,
  justNow: 'just now',
  minutesAgo: (minutes: string) => `${minutes} min ago`,
  yesterday: 'yesterday',
};
