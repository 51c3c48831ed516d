/** In the place of what a report never needs, and would otherwise hold. */
export function readParquet(): Promise<never> {
  return Promise.reject(new Error("A report holds no files."));
}
