/** Words of the map of versions. */
export const branchStrings = {
  title: 'Map of versions',
  text: 'All branches of this conversation. Choose a message to go to it.',
  noForks: 'Nothing here has another version yet. Regenerating an answer or editing a message makes one.',
  tree: 'Messages of all branches',
  you: 'You',
  model: 'Model',
  noWords: 'No words',
  version: (at: number, count: number) => `Version ${at} of ${count}`,
  folded: (count: string) => `${count} messages`,
  shown: 'shown now',
};
