/** Variables of a prompt: `{{name}}` stands for a value that is asked for before the prompt is inserted. */

// A name has letters of any alphabet, digits, and single spaces, hyphens or underscores between them.
const VARIABLE = /\{\{\s*([\p{L}\p{N}]+(?:[ _-][\p{L}\p{N}]+)*)\s*\}\}/gu;

/** The names, each once, in the order in which they first stand in the text. */
export function variables(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1] ?? ''))];
}

/** The text with values in place of their variables; one without a value stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(VARIABLE, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole));
}
