/** A speed limit as a number and a unit, and back to bytes per second. */

export const SPEED_UNITS = ['kB', 'MB', 'Mbit'] as const;
export type SpeedUnit = (typeof SPEED_UNITS)[number];

const BYTES: Record<SpeedUnit, number> = { kB: 1000, MB: 1_000_000, Mbit: 125_000 };
/** Slower than this a download would outlive its server's patience. */
const SLOWEST = 10_000;

/** The number in a unit, with at most two digits behind the point. */
export function inUnit(bytes_per_second: number, unit: SpeedUnit): number {
  return Number((bytes_per_second / BYTES[unit]).toFixed(2));
}

/** Bytes per second, whole, and never less than what still downloads. */
export function fromUnit(value: number, unit: SpeedUnit): number {
  return Math.max(SLOWEST, Math.round(value * BYTES[unit]));
}

/** The unit in which a speed is a handy number. */
export function unitFor(bytes_per_second: number): SpeedUnit {
  return bytes_per_second < 1_000_000 ? 'kB' : 'MB';
}
