/**
 * Engines in turn: each lives in a process of its own, for each has a Dawn, and the others wait while one works. What
 * else the machine does then falls on all alike, and only the ratios of their times are kept.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a child says first. */
export interface EngineInfo {
  readonly engine: string;
  readonly version: string;
  /** Empty where it computes on none. */
  readonly adapter: string;
  /** Numbers that it trains, filters or multiplies with. */
  readonly parameters: number;
}

/** What it says after a number of steps. */
export interface Turn {
  /** Milliseconds per step. */
  readonly ms: number;
  /** The mean magnitude of each result of the last step; of a loss that is the loss. */
  readonly values: readonly number[];
}

export interface Engine {
  readonly info: EngineInfo;
  run(steps: number): Promise<Turn>;
  stop(): Promise<void>;
}

/**
 * Starts `node script ...argv` and waits until it has described itself. Every later answer is waited for as long as
 * the first.
 *
 * @param patience seconds after which a silent child is stopped
 */
export async function startEngine(
  script: string,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  patience: number,
): Promise<Engine> {
  const child = spawn(process.execPath, [script, ...argv], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-20_000)));
  // The exit is reported by the read that waits for it.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    let silent = false;
    const timer = setTimeout(() => (silent = child.kill('SIGKILL')), patience * 1000);
    const line = await lines.next();
    clearTimeout(timer);
    if (silent) throw new Error(`no result after ${patience} s`);
    if (line.done === true) throw new Error(reasonOf(errors));
    return JSON.parse(line.value) as unknown;
  };
  try {
    const info = (await read()) as EngineInfo;
    return {
      info,
      async run(steps) {
        child.stdin.write(`${steps}\n`);
        return (await read()) as Turn;
      },
      stop: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The message with which a process ended, in one line: what Node prints of an error that nobody caught. */
export function reasonOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const thrown = lines.findLast((line) => /^(?:Uncaught )?\w*Error\b.*:/.test(line));
  const said = thrown ?? lines.findLast((line) => line !== '' && !/^(at |Node\.js v|Warning:)/.test(line));
  return said === undefined
    ? 'it ended without a word'
    : said.replace(/^(?:Uncaught )?\w*Error: /, '').slice(0, 160);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(timer);
}
