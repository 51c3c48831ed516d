const MOST = 8;

/** A filter with its last word completed: what the keys of the runs offer for a word of two letters or more. */
export function completions(text: string, keys: string[]): string[] {
  const word = /[\w.`/-]*$/.exec(text)![0];
  if (word.length < 2) return [];
  const before = text.slice(0, text.length - word.length);
  return keys
    .filter((key) => key.startsWith(word) && key !== word)
    .slice(0, MOST)
    .map((key) => before + key);
}
