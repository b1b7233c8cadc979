/** `langevin tune kernels`: measures on this adapter the kernels that the training step of a network can take. */
import {
  crossEntropy,
  init,
  random,
  tune,
  tuningSummary,
  valueAndGrad,
  zeros,
  type Shape,
  type Tensor,
  type TunedClass,
  type Tree,
} from '../../engine/index.ts';
import { fail } from '../../engine/graph/errors.ts';
import type { TableSection } from '../../experiments/report.ts';
import { renderTable } from '../../experiments/text-table.ts';
import { c1, mlp, type Layer } from '../../nn/index.ts';
import { parseChoice, parseCount, type Arguments } from '../arguments.ts';
import type { Command } from '../command.ts';
import { progressLine } from '../progress.ts';
import { terminalOf } from '../world.ts';

/** Networks with ten outputs, and the batch that docs/benchmarks.md measures them with. */
const models: Readonly<
  Record<string, { readonly layer: (batch: number) => Layer; readonly input: Shape; readonly batch: number }>
> = {
  '784-64-10': { layer: () => mlp({ widths: [64, 10] }), input: [784], batch: 32 },
  F1: { layer: () => mlp({ widths: [...Array<number>(7).fill(500), 10] }), input: [784], batch: 256 },
  C1: { layer: (batch) => c1({ groupSize: batch }), input: [32, 32, 3], batch: 32 },
};

export const tuneKernels: Command = {
  name: 'tune kernels',
  about: 'measure which kernels are fastest on this adapter, and keep it for runs with LANGEVIN_TUNE=cached',
  positionals: [],
  options: {
    model: {
      value: 'NAME',
      about: `whose training step is measured: ${Object.keys(models).join(', ')}; default: all`,
      multiple: true,
    },
    batch: { value: 'N', about: 'examples in a step; default: 32, for F1 256' },
    again: { about: 'measure also what was measured before' },
  },
  notes: [
    'Only products, convolutions and reductions of which several kernels can run are measured, each on its own. A kernel ' +
      'other than the usual one is taken only if it was clearly faster in rounds taken in turn.',
    'Runs use what was measured only when LANGEVIN_TUNE is cached or measure: another kernel adds in another order, so ' +
      'the last bits of results differ.',
  ],
  async run(args, world) {
    const names = namesIn(args);
    const batch = batchIn(args);
    const out = terminalOf(world.stdout, world.environment);
    const line = progressLine(out);
    await init({ tune: 'measure' });
    const found = new Map<string, TunedClass>();
    for (const name of names) {
      const { step, inputs } = stepOf(name, batch);
      const progress = (shapeClass: string, done: number, total: number): void =>
        line.update({ done, total, unit: 'classes', note: `${name}: ${shapeClass}` });
      const again = args.has('again');
      for (const each of await tune(step, inputs, { again, progress }))
        if (!found.has(each.shapeClass) || each.fresh) found.set(each.shapeClass, each);
    }
    line.end();
    if (found.size === 0) out.print('No kernel of these steps has an alternative on this adapter.');
    else out.print(renderTable(tableOf([...found.values()]), out.width));
    printSummary(out.print);
    return 0;
  },
};

function namesIn(args: Arguments): readonly string[] {
  const known = Object.keys(models);
  const asked = args.values('model').map((text) => parseChoice('network', text, known, 'USAGE'));
  return asked.length > 0 ? asked : known;
}

function batchIn(args: Arguments): number | undefined {
  const text = args.value('batch');
  if (text === undefined) return undefined;
  const batch = parseCount('batch', text);
  return batch > 0 ? batch : fail('USAGE', '--batch 0: a step needs at least one example.');
}

/** Loss and gradients on a batch; only the shapes of its inputs matter. */
function stepOf(
  name: string,
  asked?: number,
): {
  readonly step: (...inputs: [Tree, Tree, Tensor, Tensor]) => Tree;
  readonly inputs: [Tree, Tree, Tensor, Tensor];
} {
  const { layer: build, input, batch: usual } = models[name] as (typeof models)[string];
  const batch = asked ?? usual;
  const layer = build(batch);
  const { params, state } = layer.init(random.key(0), input);
  const loss = (weights: Tree, memory: Tree, x: Tensor, labels: Tensor): readonly [Tensor, Tree] => {
    const [logits, next] = layer.forward(weights, memory, x, { training: true });
    return [crossEntropy(logits, labels), next];
  };
  return {
    step: (...inputs) => valueAndGrad(loss, { aux: true })(...inputs),
    inputs: [params, state, zeros([batch, ...input]), zeros([batch], 'i32')],
  };
}

function tableOf(classes: readonly TunedClass[]): TableSection {
  return {
    kind: 'table',
    heading: 'Kernels',
    columns: [
      { key: 'shapeClass', label: 'class of shapes' },
      { key: 'name', label: 'kernel' },
      { key: 'ms', label: 'ms', format: 'number', digits: 3 },
      { key: 'ratio', label: 'of the usual', format: 'number', digits: 2 },
      { key: 'taken', label: '' },
    ],
    rows: classes.flatMap(({ shapeClass, best, findings }) => {
      const [usual] = findings;
      return findings.map((finding, k) => ({
        shapeClass: k === 0 ? shapeClass : '',
        name: finding.name,
        ms: 'ms' in finding ? finding.ms : null,
        ratio: 'ms' in finding && usual && 'ms' in usual ? finding.ms / usual.ms : null,
        taken: 'refused' in finding ? finding.refused : finding.name === best ? 'taken' : '',
      }));
    }),
  };
}

function printSummary(print: (line?: string) => void): void {
  const summary = tuningSummary();
  if (!summary) return;
  const { classes, changed, hash, where, notes } = summary;
  print();
  print(
    `${classes} classes are known here, ${changed} of which take another kernel than the usual one${hash === undefined ? '' : ` (${hash})`}: ${where}`,
  );
  for (const note of notes) print(note);
}
