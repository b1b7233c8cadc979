/** The same work in langevin and in its peers, in turn. */
import { join } from 'node:path';
import type { AdapterTraits } from '../engine/graph/primitive.ts';
import { PEER_ENGINES, type PeerName } from './peer-engines.ts';
import { median, ratioOf, type Ratio } from './statistics.ts';
import { startEngine, type Engine, type EngineInfo } from './turns.ts';
import { PEERS } from './versions.ts';
import { targetOf, WORKLOADS, type WorkloadName } from './workloads.ts';

export interface Comparison {
  readonly workload: WorkloadName;
  readonly title: string;
  readonly ours: Measured;
  readonly peers: readonly PeerResult[];
}

export interface Measured {
  readonly info: EngineInfo;
  /** Milliseconds per step, one for each round. */
  readonly ms: readonly number[];
  /** Seconds of the first step, with which shaders are compiled. */
  readonly firstStep: number;
  /** Mean magnitudes of the results of the first two steps, which must agree: all do the same work. */
  readonly values: readonly number[];
}

export type PeerResult = { readonly peer: PeerName; readonly target: number | undefined } & (
  | (Measured & Ratio)
  /** Why there is no figure; `wrong` where it has other results than we. */
  | { readonly failure: string; readonly wrong: boolean }
);

/** Largest relative difference of the results. Sums in another order differ by 1e-5 or so after the first steps. */
const TOLERANCE = 1e-2;
/** Magnitudes below it count as this large: two examples are learnt by one step, and a loss of 1e-7 is one of 0. */
const LEAST_MAGNITUDE = 1e-3;
/** A turn should take about this long. */
const TURN_MS = 1000;
const MAX_STEPS = 200;
/** Once an engine's turns have taken so long it takes no more; but two it takes at least. */
const ROUNDS_MS = 30_000;
/** Our own engine is waited for as long as it takes, nearly. */
const OUR_PATIENCE = 600;

/** An engine that takes turns: its first step compiles, its second one is checked, and is a turn if it was long. */
class Player {
  readonly ms: number[] = [];
  readonly values: number[] = [];
  firstStep = 0;
  private steps = 0;
  readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  async warmUp(): Promise<void> {
    const { ms, values } = await this.engine.run(1);
    this.firstStep = ms / 1000;
    this.values.push(...values);
  }

  async turn(): Promise<void> {
    if (this.ms.length === 0) {
      const { ms, values } = await this.engine.run(1);
      this.values.push(...values);
      this.steps = Math.max(1, Math.min(MAX_STEPS, Math.round(TURN_MS / ms)));
      if (ms >= TURN_MS) {
        this.ms.push(ms);
        return;
      }
    }
    this.ms.push((await this.engine.run(this.steps)).ms);
  }

  /** Whether it has taken as many turns as one waits for. */
  done(): boolean {
    const spent = this.steps * this.ms.reduce((sum, ms) => sum + ms, 0);
    return this.ms.length >= 2 && spent > ROUNDS_MS;
  }

  measured(): Measured {
    const { engine, ms, firstStep, values } = this;
    return { info: engine.info, ms, firstStep, values };
  }
}

export async function compare(
  workload: WorkloadName,
  peers: readonly PeerName[],
  rounds: number,
  adapter: Pick<AdapterTraits, 'name'>,
  driver: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<Comparison> {
  const { title } = WORKLOADS[workload];
  log(title);
  const ours = new Player(
    await startEngine(join(import.meta.dirname, 'worker.js'), [workload], {}, OUR_PATIENCE),
  );
  const players = new Map<PeerName, Player>();
  const failures = new Map<PeerName, { readonly failure: string; readonly wrong: boolean }>();
  const lose = async (name: PeerName, failure: string, wrong: boolean): Promise<void> => {
    log(`  ${PEER_ENGINES[name].title}: ${failure}`);
    failures.set(name, { failure, wrong });
    await players.get(name)?.engine.stop();
    players.delete(name);
  };
  const attempt = async (name: PeerName, f: () => Promise<void>): Promise<void> => {
    try {
      await f();
    } catch (error) {
      await lose(name, error instanceof Error ? error.message : String(error), false);
    }
  };
  try {
    await ours.warmUp();
    for (const name of peers)
      await attempt(name, async () => {
        const { script, backend, patience } = PEER_ENGINES[name];
        const engine = await startEngine(join(PEERS, script), [backend, workload], driver, patience);
        players.set(name, new Player(engine));
        if (backend === 'webgpu' && engine.info.adapter !== ours.engine.info.adapter)
          throw new Error(`took another adapter, ${engine.info.adapter}`);
        await players.get(name)?.warmUp();
      });
    for (let round = 0; round < rounds; round++) {
      await ours.turn();
      for (const [name, player] of players) {
        if (player.done()) continue;
        await attempt(name, () => player.turn());
        const difference = round === 0 && players.has(name) ? differenceOf(ours, player) : undefined;
        if (difference !== undefined) await lose(name, difference, true);
      }
      log(
        `  round ${round + 1} of ${rounds}: ${median(ours.ms).toFixed(2)} ms` +
          [...players]
            .map(([name, { ms }]) => `, ${PEER_ENGINES[name].title} ${median(ms).toFixed(2)}`)
            .join(''),
      );
      if (round >= 1 && ours.done()) break;
      if (round >= 1 && players.size > 0 && [...players.values()].every((player) => player.done())) break;
    }
    return {
      workload,
      title,
      ours: ours.measured(),
      peers: peers.map((name): PeerResult => {
        const { target: engine } = PEER_ENGINES[name];
        const target = engine && targetOf(workload, engine, adapter);
        const player = players.get(name);
        if (!player)
          return { peer: name, target, ...(failures.get(name) as { failure: string; wrong: boolean }) };
        const together = ours.ms.slice(0, player.ms.length);
        return { peer: name, target, ...player.measured(), ...ratioOf(together, player.ms) };
      }),
    };
  } finally {
    await Promise.all([ours, ...players.values()].map(({ engine }) => engine.stop()));
  }
}

/** In words, where the engines do not do the same work. */
function differenceOf(ours: Player, peer: Player): string | undefined {
  const [mine, theirs] = [ours.engine.info.parameters, peer.engine.info.parameters];
  if (mine !== theirs) return `has ${theirs} parameters, not ${mine}`;
  return agree(ours.values, peer.values)
    ? undefined
    : `has other results: ${peer.values.join(', ')} where ours are ${ours.values.join(', ')}`;
}

/** Whether both have as many values, each within 1 % of the other. NaN agrees with nothing; JSON has it as null. */
export function agree(ours: readonly number[], peer: readonly (number | null)[]): boolean {
  return (
    ours.length === peer.length &&
    ours.every(
      (value, k) =>
        Math.abs(value - (peer[k] ?? NaN)) <= TOLERANCE * Math.max(LEAST_MAGNITUDE, Math.abs(value)),
    )
  );
}
