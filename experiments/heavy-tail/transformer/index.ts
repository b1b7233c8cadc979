/** HT-2 of papers.md 5.3: is the gradient noise of a transformer on sentences heavy-tailed, and at which batch sizes? */
import { tree } from '../../../engine/index.ts';
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { parameterCount } from '../../../nn/index.ts';
import { sampledNoise, type GradientColumn } from '../../../stats/heavy-tails/sampled-noise.ts';
import { compareTails, layerOfPath, stableStream, type TailComparison } from '../../../stats/index.ts';
import type { Experiment, Json, RunContext, RunRecord } from '../../types.ts';
import { comparisonOf, histogramRecord } from '../histogram.ts';
import { checkConfig, presets, type TransformerConfig } from './config.ts';
import { loadCorpus } from './corpus.ts';
import { minibatches, sentenceGradients } from './gradients.ts';
import { batchFitsOf } from './records.ts';
import { report } from './report.ts';
import { evaluate, initialParams, train } from './training.ts';

export const transformerNoise: Experiment<TransformerConfig> = {
  name: 'heavy-tail/table2',
  title: 'Heavy-tailed noise, table 2: a transformer on sentences',
  description:
    'Does a stable law describe the gradient noise of a transformer better than a normal one, and how does that depend on the batch size?',
  presets,
  ownData: ({ corpus }) => (corpus === 'cola' ? 'CoLA' : 'sentences of a grammar'),
  run,
  report,
  summary,
};

/** Stream of the seed. */
const CONTROLS = 15;

async function* run(config: TransformerConfig, context: RunContext): AsyncGenerator<RunRecord> {
  checkConfig(config);
  const { seed, signal, progress } = context;
  const corpus = await loadCorpus(config, context);
  const start = await initialParams(config, context);
  const parameters = parameterCount(start);
  const trained = yield* train(config, start, corpus, context);
  if (!trained) return;
  const { loss, accuracy } = await evaluate(config, trained, corpus);
  if (!Number.isFinite(loss)) {
    yield { kind: 'event', name: 'diverged', after: config.steps, step: config.steps };
    return;
  }
  const gradients = await sentenceGradients(config, trained, corpus, context);
  if (!gradients) return;
  const { count: examples, positives, cut } = corpus;
  yield {
    kind: 'result',
    name: 'model',
    corpus: config.corpus,
    parameters,
    examples,
    positives,
    cut,
    steps: config.steps,
    loss,
    accuracy,
    dead: gradients.dead,
  };
  tree.leaves([trained, corpus.tensors]).forEach((leaf) => leaf.dispose());
  const total = config.batchSizes.length * gradients.columns.length;
  let done = 0;
  for (const [place, batchSize] of config.batchSizes.entries()) {
    const batches = minibatches(examples, batchSize, config.batches, seed);
    const labels = { batchSize, samples: batches.length };
    const fitted: { readonly column: GradientColumn; readonly alpha: number }[] = [];
    for (const column of gradients.columns) {
      progress({ done: done++, total, unit: 'fits', note: `B ${batchSize}` });
      const { path, index } = column;
      const found = comparisonOf(sampledNoise(column, batches));
      yield fitRecord(found, { ...labels, path, index });
      if (found) fitted.push({ column, alpha: found.stable.alpha });
      if (signal.aborted) return;
    }
    if (place === 0)
      for (const column of shownOf(fitted)) {
        const noise = sampledNoise(column, batches);
        const { path, index } = column;
        yield histogramRecord(noise, compareTails(noise), {
          ...labels,
          layer: layerOfPath(path),
          path,
          index,
        });
      }
    for (let control = 0; control < config.controls; control++) {
      const key = foldInWords(foldInWords(foldInWords(seedWords(seed), CONTROLS), batchSize), control);
      const normal = stableStream(key, 2);
      const numbers = Float64Array.from({ length: batches.length }, (_, k) => normal(k));
      yield fitRecord(comparisonOf(numbers), { ...labels, path: 'control', index: control });
    }
  }
}

/** The parameters of the heaviest, the middle and the lightest tail, whose histograms are kept. */
function shownOf(
  fitted: readonly { readonly column: GradientColumn; readonly alpha: number }[],
): readonly GradientColumn[] {
  const sorted = fitted.toSorted((a, b) => a.alpha - b.alpha).map(({ column }) => column);
  return [...new Set([sorted[0], sorted[sorted.length >> 1], sorted.at(-1)])].filter(
    (column) => column !== undefined,
  );
}

/** The record `fit`, or `constant` where there is none. */
function fitRecord(found: TailComparison | undefined, labels: Readonly<Record<string, Json>>): RunRecord {
  if (!found) return { kind: 'event', name: 'constant', ...labels };
  const { normal, stable } = found;
  return {
    kind: 'result',
    name: 'fit',
    ...labels,
    alpha: stable.alpha,
    alphaError: stable.alphaError,
    normalSse: normal.sumOfSquares,
    stableSse: stable.sumOfSquares,
    normalChi: normal.chiSquare,
    stableChi: stable.chiSquare,
  };
}

function summary(records: readonly RunRecord[]): { readonly [key: string]: Json } {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    batchSizes: batchFitsOf(records).map(({ batchSize, samples, fits }) => ({
      batchSize,
      samples,
      parameters: fits.length,
      normalSse: mean(fits.map(({ normalSse }) => normalSse)),
      stableSse: mean(fits.map(({ stableSse }) => stableSse)),
      alpha: mean(fits.map(({ alpha }) => alpha)),
    })),
  };
}
