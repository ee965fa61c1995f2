/** Minutes of a day as the clock shows them, and back. */

const DAY = 1440;

/** `22:30`. */
export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** `null` for what is no time of day. */
export function minuteOf(clock: string): number | null {
  const match = /^(\d{1,2}):(\d{2})/.exec(clock);
  if (!match) return null;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return minute < DAY && Number(match[2]) < 60 ? minute : null;
}
