import type { DiagramProblem } from './diagram';

/** Words of the Markdown view. */
export const markdownStrings = {
  copyCode: 'Copy code',
  copied: 'Copied',
  wrapLines: 'Wrap long lines',
  showSource: 'Show source',
  showDiagram: 'Show diagram',
  drawing: 'Drawing the diagram',
  diagramProblems: {
    failed: 'This diagram cannot be drawn. Its source is below.',
    late: 'Drawing this diagram took too long. Its source is below.',
    too_large: 'This diagram is too large to be drawn. Its source is below.',
  } satisfies Record<DiagramProblem, string>,
  diagram: 'Diagram',
  table: 'Table',
  copyTable: 'Copy the table',
  lineNumbers: 'Number the lines',
  source: 'Source',
  shownOf: (shown: string, all: string) => `The first ${shown} of ${all}.`,
  showAll: 'Show all',
  showRest: (size: string) => `Show the other ${size}`,
  formula: 'Formula',
  code: (language: string) => `${language} code`,
};
