/** Words of a command line as one would type them. */

/** `text` as one word of a POSIX shell: quoted only where it must be. */
export function shellWord(text: string): string {
  return /[^\w.,=+-]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : text;
}
