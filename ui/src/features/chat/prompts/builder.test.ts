import { describe, expect, it } from 'vitest';
import { check, compose, EMPTY, estimatedTokens, PARTS, type Draft } from './builder';

const TITLES = Object.fromEntries(PARTS.map((part) => [part, part.toUpperCase()])) as Record<(typeof PARTS)[number], string>;
const GOOD: Draft = {
  task: 'Write a letter to the city that asks for a new bench.',
  context: 'I am 70 and walk to the park every day; success is a bench by summer.',
  exemplar: 'Dear Sir or Madam, …',
  persona: 'You are a patient secretary.',
  format: 'A letter of one page',
  tone: 'Polite and firm',
};
const problems = (draft: Partial<Draft>) => check({ ...GOOD, ...draft }).map((one) => `${one.part}: ${one.problem}`);

describe('the check of a prompt', () => {
  it('finds nothing in a prompt with six good parts', () => {
    expect(check(GOOD)).toEqual([]);
  });

  it('names what is missing, the weightiest first, and only the task as needed', () => {
    const advice = check(EMPTY);
    expect(advice.map((one) => one.part)).toEqual([...PARTS]);
    expect(advice.filter((one) => one.needed).map((one) => one.part)).toEqual(['task']);
  });

  it('wants a task to begin with a verb and to say its end', () => {
    expect(problems({ task: 'Please write a letter to the city' })).toEqual([]);
    expect(problems({ task: '1. **Summarise** the text for my boss' })).toEqual([]);
    expect(problems({ task: 'A letter to the city about benches' })).toEqual(['task: no_verb']);
    expect(problems({ task: 'Write a letter' })).toEqual(['task: no_goal']);
  });

  it('knows the verbs of French too', () => {
    expect(problems({ task: 'Écris une lettre à la mairie' })).toEqual([]);
    expect(problems({ task: 'Maintenant, expliquez ce texte à un enfant' })).toEqual([]);
    expect(problems({ task: 'Une lettre à la mairie sur les bancs' })).toEqual(['task: no_verb']);
    expect(problems({ format: 'Un tableau' })).toEqual(['format: no_columns']);
    expect(problems({ format: 'Un tableau avec les colonnes nom et prix' })).toEqual([]);
    expect(problems({ task: 'Benches' })).toEqual(['task: no_verb', 'task: no_goal']);
  });

  it('wants more than a word of background, and the columns of a table', () => {
    expect(problems({ context: 'For work' })).toEqual(['context: thin']);
    expect(problems({ format: 'A table' })).toEqual(['format: no_columns']);
    expect(problems({ format: 'A table: name, price' })).toEqual([]);
    expect(problems({ format: 'A vegetable' })).toEqual([]);
  });
});

describe('the prompt', () => {
  it('has the parts that are there, the persona first, the example fenced off', () => {
    expect(compose({ ...EMPTY, task: ' Do it. ', persona: 'You are a cook.', exemplar: 'Soup', tone: 'dry' }, TITLES)).toBe(
      'You are a cook.\n\nDo it.\n\nEXEMPLAR:\n<example>\nSoup\n</example>\n\nTONE: dry',
    );
    expect(compose(EMPTY, TITLES)).toBe('');
  });

  it('is estimated at a quarter of its letters, and one for each sign of other scripts', () => {
    expect(estimatedTokens('')).toBe(0);
    expect(estimatedTokens('12345678')).toBe(2);
    expect(estimatedTokens('日本語')).toBe(3);
  });
});
