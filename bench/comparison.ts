/** The same work in langevin and in TensorFlow.js, in turn. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, ratioOf, type Ratio } from './statistics.ts';
import { startEngine, type Engine, type EngineInfo, type Turn } from './turns.ts';
import { PEERS, versionOf } from './versions.ts';
import type { Workload } from './workload.ts';

export interface Comparison extends Ratio {
  readonly workload: string;
  readonly title: string;
  readonly target: number;
  readonly ours: EngineInfo;
  readonly peer: EngineInfo;
  /** Steps of one turn. */
  readonly steps: number;
  /** Milliseconds per step, one for each round. */
  readonly oursMs: readonly number[];
  readonly peerMs: readonly number[];
  /** Mean magnitudes of the results of the first steps, which must agree: both do the same work. */
  readonly oursValues: readonly number[];
  readonly peerValues: readonly number[];
}

/**
 * Steps before the timed ones, with results that are compared. The first compiles the shaders; the second has what the
 * first one's gradients made of the parameters.
 */
const WARM_UP = 2;
/** Largest relative difference of the results. Sums in another order differ by 1e-5 or so after the first steps. */
const TOLERANCE = 1e-2;
/** The slower engine's turn should take about this long. */
const TURN_MS = 2000;
const MAX_STEPS = 100;
/** Once rounds have taken so long, no more are begun; but two are taken at least. */
const ROUNDS_MS = 60_000;

export async function compare(
  name: string,
  { title, target }: Workload,
  rounds: number,
  driver: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<Comparison> {
  const engines: Engine[] = [];
  try {
    engines.push(await startEngine(join(import.meta.dirname, 'worker.js'), name, {}));
    engines.push(await startEngine(join(PEERS, 'tfjs.mjs'), name, driver));
    const [ours, peer] = engines as [Engine, Engine];
    if (ours.info.adapter !== peer.info.adapter)
      throw new Error(
        `${title}: the engines took different adapters (${ours.info.adapter}; ${peer.info.adapter}).`,
      );
    if (ours.info.parameters !== peer.info.parameters)
      throw new Error(
        `${title}: one engine has ${ours.info.parameters} parameters, the other ${peer.info.parameters}.`,
      );
    const warm: (readonly [Turn, Turn])[] = [];
    for (let step = 0; step < WARM_UP; step++) {
      warm.push([await ours.run(1), await peer.run(1)]);
      log(
        `${title}: step ${step + 1}, ${(warm.at(-1) ?? []).map(({ values }) => values.join(', ')).join(' against ')}`,
      );
    }
    const oursValues = warm.flatMap(([turn]) => turn.values);
    const peerValues = warm.flatMap(([, turn]) => turn.values);
    checkValues(title, oursValues, peerValues);

    const slower = Math.max(...(warm.at(-1) as readonly [Turn, Turn]).map(({ ms }) => ms));
    const steps = Math.max(1, Math.min(MAX_STEPS, Math.round(TURN_MS / slower)));
    // Where a turn is one step, the second step was a turn already.
    const [, second] = warm as [unknown, readonly [Turn, Turn]];
    const oursMs = steps === 1 ? [second[0].ms] : [];
    const peerMs = steps === 1 ? [second[1].ms] : [];
    const start = performance.now();
    for (let round = oursMs.length; round < rounds; round++) {
      if (round >= 2 && performance.now() - start > ROUNDS_MS) break;
      oursMs.push((await ours.run(steps)).ms);
      peerMs.push((await peer.run(steps)).ms);
      const times = `${median(oursMs).toFixed(2)} against ${median(peerMs).toFixed(2)} ms`;
      log(`${title}: round ${round + 1} of ${rounds}, ${steps} steps each, medians ${times}`);
    }
    const common = { workload: name, title, target, ours: ours.info, peer: peer.info, steps };
    return { ...common, oursMs, peerMs, oursValues, peerValues, ...ratioOf(oursMs, peerMs) };
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()));
  }
}

function checkValues(title: string, ours: readonly number[], peer: readonly number[]): void {
  const differ =
    ours.length !== peer.length ||
    ours.some((value, k) => !(Math.abs(value - (peer[k] as number)) <= TOLERANCE * Math.abs(value)));
  if (differ)
    throw new Error(
      `${title}: the first results differ (${ours.join(', ')} against ${peer.join(', ')}), so the engines do not do the same work.`,
    );
}

/** Installs bench/peers unless it is there; otherwise says in one line why it cannot be had. */
export function installPeers(log: (line: string) => void): string | undefined {
  const { dependencies } = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const missing = Object.entries(dependencies).some(
    ([name, version]) => versionOf(`bench/peers/node_modules/${name}`) !== version,
  );
  if (!missing) return undefined;
  log('TensorFlow.js is not installed: running `npm ci` in bench/peers (about 310 MB).');
  const { status, stderr, error } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1'],
    { cwd: PEERS, encoding: 'utf8', timeout: 10 * 60_000, shell: process.platform === 'win32' },
  );
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.split('\n').find((line) => /^npm (ERR!|error)/.test(line)) ?? '';
  return `npm ci in bench/peers failed (${reason.replace(/^npm (ERR!|error) /, '')}); once connected, run this again`;
}
