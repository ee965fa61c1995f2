/** Answers that are JSON of a schema: the schema as typed, the answer as read, and whether one satisfies the other. */
import type { Schema } from '@cfworker/json-schema';
import { chatStrings } from '../strings.en';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What is wrong with a schema as it is typed; null for one that can be used, and for none at all. */
export function faultOf(text: string): string | null {
  if (text.trim() === '') return null;
  try {
    const schema: unknown = JSON.parse(text);
    const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
    return isObject ? null : chatStrings.structured.noObject;
  } catch (error) {
    return chatStrings.structured.noJson(error instanceof Error ? error.message : '');
  }
}

/** An answer that is a list or an object in JSON; undefined for any other. */
export function read(content: string): Json[] | { [key: string]: Json } | undefined {
  if (!/^\s*[[{]/.test(content)) return undefined;
  try {
    return JSON.parse(content) as Json[] | { [key: string]: Json };
  } catch {
    return undefined;
  }
}

/** Where an answer leaves its schema; null if it does not. Fetches the validator when it is first needed. */
export async function violation(schema: string, answer: Json): Promise<{ place: string; reason: string } | null> {
  const { Validator } = await import('@cfworker/json-schema');
  const { valid, errors } = new Validator(JSON.parse(schema) as Schema, '2020-12', false).validate(answer);
  // The errors of a value stand behind those of what it is in.
  const error = errors.at(-1);
  return valid || !error ? null : { place: error.instanceLocation.replace(/^#/, '') || '/', reason: error.error };
}
