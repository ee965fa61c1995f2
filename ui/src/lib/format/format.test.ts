import { describe, expect, it } from 'vitest';
import {
  calendarDay,
  clockTime,
  dayGroup,
  duration,
  elapsed,
  fileSize,
  memorySize,
  parameterCount,
  percent,
  plural,
  relativeDate,
  sentence,
  shortCount,
  shortTokens,
  sizeRange,
  timeLeft,
} from './index';

const NOW = new Date(2026, 2, 30, 14, 3).getTime();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('formats', () => {
  it('counts files in thousands and memory in 1,024', () => {
    expect(fileSize(397_808_192)).toBe('398 MB');
    expect(fileSize(1_117_320_736)).toBe('1.12 GB');
    expect(fileSize(999_999)).toBe('1.00 MB');
    expect(fileSize(0)).toBe('0 bytes');
    expect(memorySize(16 * 1024 ** 3)).toBe('16 GiB');
    expect(memorySize(3.34 * 1024 ** 3)).toBe('3.3 GiB');
  });

  it('writes weights as models are called', () => {
    expect(parameterCount(494_032_768)).toBe('494 M');
    expect(parameterCount(1_540_000_000)).toBe('1.54 B');
    expect(parameterCount(8_000_000_000)).toBe('8 B');
    expect(parameterCount(14_768_307_200)).toBe('14.8 B');
    expect(parameterCount(120_000_000_000)).toBe('120 B');
  });

  it('shortens counts and lengths of context', () => {
    expect([812, 1000, 61_220, 402_611, 999_700, 1_214_300, 2_000_000].map(shortCount)).toEqual([
      '812', '1 K', '61.2 K', '403 K', '1 M', '1.2 M', '2 M',
    ]);
    expect([512, 8192, 131_072, 12_544, 5000].map(shortTokens)).toEqual(['512', '8k', '128k', '12k', '5,000']);
  });

  it('writes a range with one unit where it has one', () => {
    expect(sizeRange(645_000_000, 1_640_000_000)).toBe('645 MB–1.64 GB');
    expect(sizeRange(3_200_000_000, 16_100_000_000)).toBe('3.20–16.1 GB');
    expect(sizeRange(1_000_000, 1_000_000)).toBe('1.00 MB');
  });

  it('never says 100% before the end, nor 0% after the start', () => {
    expect(percent(0.9999)).toBe('99%');
    expect(percent(0.0001)).toBe('1%');
    expect(percent(1)).toBe('100%');
    expect(percent(0)).toBe('0%');
  });

  it('tells time that runs in whole seconds', () => {
    expect([0, 999, 1_000, 9_999, 42_900].map(elapsed)).toEqual(['0 s', '0 s', '1 s', '9 s', '42 s']);
    expect(elapsed(180_000)).toBe('3 min');
  });

  it('tells durations in words people use', () => {
    expect(duration(310)).toBe('310 ms');
    expect(duration(2_100)).toBe('2.1 s');
    expect(duration(42_000)).toBe('42 s');
    expect(duration(180_000)).toBe('3 min');
    expect(duration(80 * MINUTE)).toBe('1 h 20 min');
    expect(duration(72 * HOUR)).toBe('3 days');
  });

  it('tells the time left only when it can be told', () => {
    expect(timeLeft(100e6, 0)).toBe('');
    expect(timeLeft(0, 1e6)).toBe('');
    expect(timeLeft(100e6, 1e6)).toBe('2 min left');
    expect(timeLeft(4.2e6, 1e6)).toBe('5 s left');
  });

  it('groups days by the calendar, not by 24 hours', () => {
    const justAfterMidnight = new Date(2026, 2, 30, 0, 5).getTime();
    expect(dayGroup(justAfterMidnight, NOW)).toBe('today');
    expect(dayGroup(justAfterMidnight - 10 * MINUTE, NOW)).toBe('yesterday');
    expect(dayGroup(NOW - 6 * 24 * HOUR, NOW)).toBe('week');
    expect(dayGroup(NOW - 20 * 24 * HOUR, NOW)).toBe('month');
    expect(dayGroup(new Date(2025, 4, 2).getTime(), NOW)).toEqual({ month: 'May 2025' });
    expect(dayGroup(NOW + HOUR, NOW)).toBe('today');
  });

  it('tells dates relative to now', () => {
    expect(relativeDate(NOW - 20_000, NOW)).toBe('just now');
    expect(relativeDate(NOW - 5 * MINUTE, NOW)).toBe('5 min ago');
    expect(relativeDate(NOW - 3 * HOUR, NOW)).toBe('11:03');
    expect(relativeDate(NOW - 24 * HOUR, NOW)).toBe('yesterday');
    expect(relativeDate(new Date(2026, 0, 12).getTime(), NOW)).toBe('12 Jan');
    expect(relativeDate(new Date(2024, 0, 12).getTime(), NOW)).toBe('12 Jan 2024');
  });

  it('tells days ahead and times of day', () => {
    expect(calendarDay(NOW + 30 * 24 * HOUR, NOW)).toBe('29 Apr');
    expect(calendarDay(new Date(2027, 0, 2).getTime(), NOW)).toBe('2 Jan 2027');
    expect(clockTime(NOW)).toBe('14:03');
  });

  it('turns messages of the backend into sentences', () => {
    expect(sentence('could not open `a.gguf`')).toBe('Could not open `a.gguf`.');
    expect(sentence('Already one.')).toBe('Already one.');
    expect(sentence('')).toBe('');
  });

  it('counts in words', () => {
    expect(plural(1, 'token')).toBe('1 token');
    expect(plural(32_768, 'token')).toBe('32,768 tokens');
  });
});
