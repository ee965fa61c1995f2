/** Words of the Markdown view. */
export const markdownStrings = {
  copyCode: 'Copy code',
  copied: 'Copied',
  wrapLines: 'Wrap long lines',
  showSource: 'Show source',
  showDiagram: 'Show diagram',
  drawing: 'Drawing the diagram',
  diagramFailed: 'This diagram cannot be drawn. Its source is below.',
  diagram: 'Diagram',
  table: 'Table',
  formula: 'Formula',
  code: (language: string) => `${language} code`,
};
