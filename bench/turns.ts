/**
 * Engines in turn: each lives in a process of its own, for both have a Dawn, and one waits while the other works. What
 * else the machine does then falls on both alike, and only the ratio of their times is kept.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a child says first. */
export interface EngineInfo {
  readonly engine: string;
  readonly version: string;
  readonly adapter: string;
  /** Numbers that it trains, or filters with. */
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

/** A child that is silent for so long hangs, or is too slow on this adapter to be compared. */
const SILENCE_MINUTES = 5;

/** Starts `node script workload` and waits until it has described itself. */
export async function startEngine(
  script: string,
  workload: string,
  environment: NodeJS.ProcessEnv,
): Promise<Engine> {
  const child = spawn(process.execPath, [script, workload], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  // The exit is reported by the read that waits for it.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    let silent = false;
    const timer = setTimeout(() => (silent = child.kill('SIGKILL')), SILENCE_MINUTES * 60_000);
    const line = await lines.next();
    clearTimeout(timer);
    if (silent)
      throw new Error(`${script} ${workload} was stopped after ${SILENCE_MINUTES} minutes without a result.`);
    if (line.done === true)
      throw new Error(`${script} ${workload} ended${errors ? `: ${errors.trim()}` : ' without a word.'}`);
    return JSON.parse(line.value) as unknown;
  };
  const info = (await read()) as EngineInfo;
  return {
    info,
    async run(steps) {
      child.stdin.write(`${steps}\n`);
      return (await read()) as Turn;
    },
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(timer);
}
