/** The same file at several addresses, of which one is enough. */
import { fail, LangevinError } from '../../engine/graph/errors.ts';

/**
 * What the first mirror gives that has the file and has it sound.
 * @param fetchFrom fetches and checks; `DOWNLOAD_FAILED` and `DATA_CORRUPT` send it to the next mirror, all else ends it
 * @throws `DATA_CORRUPT` when every mirror gives a wrong file, `DOWNLOAD_FAILED` when none gives it
 */
export async function fromMirrors<T>(
  name: string,
  folder: string,
  mirrors: readonly string[],
  fetchFrom: (url: string) => Promise<T>,
): Promise<T> {
  const failures: LangevinError[] = [];
  for (const mirror of mirrors) {
    try {
      return await fetchFrom(`${mirror}${name}`);
    } catch (error) {
      const passable =
        isCorrupt(error) || (error instanceof LangevinError && error.code === 'DOWNLOAD_FAILED');
      if (!passable) throw error;
      failures.push(error);
    }
  }
  const code = failures.length > 0 && failures.every(isCorrupt) ? 'DATA_CORRUPT' : 'DOWNLOAD_FAILED';
  return fail(
    code,
    `${name} could not be fetched. ${failures.map((failure) => failure.message).join(' ')} ` +
      `Check the network, put the file into ${folder} by hand, or train on --data procedural.`,
    { cause: failures },
  );
}

/** Whether this is the error of a file that is not what it should be. */
export function isCorrupt(error: unknown): error is LangevinError {
  return error instanceof LangevinError && error.code === 'DATA_CORRUPT';
}
