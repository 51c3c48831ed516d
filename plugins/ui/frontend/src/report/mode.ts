/** What differs where the page is a file with its data inside: nothing can be changed, and nothing else can be asked. */
export const mode = { isReport: false, made: 0 };
