import { describe, expect, it } from 'vitest';
import { fill, variables } from './variables';

describe('variables of a prompt', () => {
  it('are named once each, in the order of the text', () => {
    expect(variables('{{b}} and {{ a }} and {{b}}')).toEqual(['b', 'a']);
    expect(variables('{{two words}}, {{snake_case}}, {{Größe-2}}, {{名前}}')).toEqual(['two words', 'snake_case', 'Größe-2', '名前']);
  });

  it('are not found where none are meant', () => {
    expect(variables('{a} {{}} {{ }} {{a{{ }} {{a.b}} {{#if x}} {{{}}}')).toEqual([]);
  });

  it('are replaced by their values, literally, and stay without one', () => {
    expect(fill('{{a}} {{ a }} {{b}}', { a: '$& {{b}}' })).toBe('$& {{b}} $& {{b}} {{b}}');
    expect(fill('{{constructor}}', {})).toBe('{{constructor}}');
    expect(fill('{{a}}', { a: '' })).toBe('');
  });
});
