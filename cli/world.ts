/** What a command sees of the process. Tests pass their own experiments, data and streams. */
import type { load } from '../data/node/index.ts';
import type { Experiment } from '../experiments/types.ts';

/** The part of a stream that commands use. */
export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface World {
  readonly experiments: readonly Experiment[];
  readonly load: typeof load;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Where text goes and how it may look there. */
export interface Terminal {
  print(line?: string): void;
  /** For text that is not a whole line. */
  write(text: string): void;
  /** Characters in a line; Infinity where nothing limits it. */
  readonly width: number;
  /** Whether a line can be drawn again over itself. */
  readonly redraws: boolean;
  bold(text: string): string;
  dim(text: string): string;
}

/** A stream as a terminal: colour and redrawing only for people, none with NO_COLOR (no-color.org) or TERM=dumb. */
export function terminalOf(stream: Stream, environment: World['environment']): Terminal {
  const dumb = environment['TERM'] === 'dumb';
  const redraws = stream.isTTY === true && !dumb;
  const colour = redraws && !environment['NO_COLOR'];
  const forced = Number(environment['COLUMNS']);
  const styled =
    (code: number) =>
    (text: string): string =>
      colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    print: (line = '') => void stream.write(`${line}\n`),
    write: (text) => void stream.write(text),
    get width() {
      return (stream.isTTY ? stream.columns : undefined) ?? (forced > 0 ? forced : Infinity);
    },
    redraws,
    bold: styled(1),
    dim: styled(2),
  };
}
