/**
 * A grid of small trainings, so that sweeps can be tested in seconds: a perceptron on procedural images under Adam, one
 * cell per learning rate. The last record of a cell is a hash of all bits of its final parameters and optimizer.
 */
import { averagePool2, resident, sampler, subset } from '../../data/index.ts';
import { gatherBatch } from '../../data/resident.ts';
import {
  crossEntropy,
  jit,
  random,
  tensor,
  tree,
  valueAndGrad,
  zeros,
  type Tensor,
} from '../../engine/index.ts';
import { mlp } from '../../nn/index.ts';
import { adam, applyUpdates } from '../../optim/index.ts';
import type { Cell, CellContext, GridExperiment } from '../../experiments/grid.ts';
import type { RunRecord } from '../../experiments/types.ts';

export interface ToyGridConfig {
  readonly rates: readonly number[];
  readonly steps: number;
  readonly hidden: number;
  readonly examples: number;
  /** Milliseconds that a step takes at least. */
  readonly delay: number;
  /** The rate whose cell throws at step 3; 0 for none. */
  readonly failRate: number;
}

interface ToyCell extends Cell {
  readonly rate: number;
  readonly steps: number;
  readonly hidden: number;
  readonly examples: number;
  readonly delay: number;
  readonly fails: boolean;
}

const smoke: ToyGridConfig = {
  rates: [0.01, 0.02, 0.03],
  steps: 12,
  hidden: 4,
  examples: 64,
  delay: 0,
  failRate: 0,
};

export const toyGrid: GridExperiment<ToyGridConfig> = {
  name: 'toy/grid',
  title: 'Rates',
  description: 'Which learning rate is best?',
  presets: { smoke, small: smoke, medium: smoke, paper: smoke },

  async *run(config, context) {
    for (const cell of toyGrid.cells(config, context.seed, 'procedural'))
      yield* toyGrid.runCell(cell, {
        ...context,
        checkpoints: {
          restore: () => Promise.resolve(undefined),
          due: () => false,
          save: () => Promise.resolve(),
        },
      });
  },

  cells: ({ rates, failRate, ...shared }, seed, data) =>
    rates.map((rate) => ({
      dataset: { name: data === 'published' ? 'procedural' : data },
      seed,
      ...shared,
      rate,
      fails: rate === failRate,
    })),
  label: (cell) => `rate ${Number(cell['rate'])}`,
  cost: (cell) => Number(cell['steps']),
  runCell: (cell, context) => train(cell as ToyCell, context),
  isFinished: (records) => records.at(-1)?.name === 'digest',
  gather: (cells) =>
    cells.flatMap(({ cell, records }) =>
      records.map((record) => ({ ...record, rate: Number(cell['rate']) })),
    ),

  report(records) {
    const digests = records.filter(({ name }) => name === 'digest');
    return {
      title: 'Rates',
      lead: `${digests.length} cells are trained.`,
      sections: [
        {
          kind: 'table',
          heading: 'Digests',
          terminal: true,
          columns: [
            { key: 'rate', label: 'rate', format: 'number' },
            { key: 'digest', label: 'digest' },
          ],
          rows: digests.map(({ rate, digest }) => ({ rate: Number(rate), digest: digest as string })),
        },
        {
          kind: 'figure',
          id: 'loss',
          heading: 'Loss',
          caption: 'Falls.',
          x: { label: 'step' },
          y: { label: 'loss' },
          series: [
            {
              label: 'loss',
              points: records
                .filter(({ name }) => name === 'loss')
                .map((r) => ({ x: Number(r['step']), y: Number(r['value']) })),
            },
          ],
        },
      ],
    };
  },
  summary: (records) => ({
    digests: records.filter(({ name }) => name === 'digest').map((r) => r['digest'] as string),
  }),
};

async function* train(
  cell: ToyCell,
  { dataset, checkpoints, signal, progress }: CellContext,
): AsyncGenerator<RunRecord> {
  const { seed, rate, steps, hidden, examples, delay, fails } = cell;
  const set = resident(averagePool2(averagePool2(subset(dataset.train, examples, seed))));
  const model = mlp({ widths: [hidden, 10] });
  const optimizer = adam({ learningRate: rate });
  const batches = sampler({ mode: 'epoch-shuffle', count: examples, batchSize: 8, seed, stream: 0 });
  const { params: initial } = model.init(random.key(seed), [set.height * set.width * set.channels]);
  const fresh = { params: initial, optimizer: optimizer.init(initial), lossSum: zeros([]) };
  type State = typeof fresh;
  const step = jit(
    (state: State, tensors: typeof set.tensors, indices: Tensor): [State, Tensor] => {
      const batch = gatherBatch(set, indices, tensors);
      const [loss, gradient] = valueAndGrad((params: State['params']) =>
        crossEntropy(model.apply(params, batch.images), batch.labels),
      )(state.params);
      const [updates, next] = optimizer.update(gradient, state.optimizer, state.params);
      return [
        { params: applyUpdates(state.params, updates), optimizer: next, lossSum: state.lossSum.add(loss) },
        loss.mul(1),
      ];
    },
    { donate: [0] },
  );
  const snapshot = await checkpoints.restore(fresh);
  let state = (snapshot?.tensors ?? fresh) as State;
  let done = snapshot ? Number((snapshot.state as { readonly step: number }).step) : 0;
  while (done < steps && !signal.aborted) {
    if (fails && done === 3) throw new Error('the toy broke');
    const indices = tensor(batches.indices(done));
    const [next, loss] = step(state, set.tensors, indices);
    state = next;
    done++;
    progress({ done, total: steps, unit: 'steps' });
    if (delay > 0) await new Promise((resume) => setTimeout(resume, delay));
    yield { kind: 'metric', name: 'loss', step: done, value: await loss.item() };
    indices.dispose();
    loss.dispose();
    if (checkpoints.due()) await checkpoints.save({ tensors: state, state: { step: done } });
  }
  await checkpoints.save({ tensors: state, state: { step: done } });
  if (done === steps) yield { kind: 'result', name: 'digest', digest: await digestOf(state), step: done };
  tree.leaves([state, set.tensors]).forEach((leaf) => leaf.dispose());
  step.dispose();
}

/** FNV-1a over the bits of all tensors. */
async function digestOf(state: Parameters<typeof tree.leaves>[0]): Promise<string> {
  let hash = 0x811c9dc5;
  for (const leaf of tree.leaves(state)) {
    const data = await leaf.data();
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
