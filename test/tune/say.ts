/** Command lines in this process. */
import { cli } from '../../cli/cli.ts';
import { load } from '../../data/node/index.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the command says to `argv`. */
export async function say(...argv: string[]): Promise<Said> {
  let [stdout, stderr] = ['', ''];
  const code = await cli(argv, {
    experiments: [],
    load,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
  });
  return { code, stdout, stderr };
}
