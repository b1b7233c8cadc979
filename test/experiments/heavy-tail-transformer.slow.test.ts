/** The transformer's experiment run whole in float64: on drawn sentences, and on files that stand in for CoLA and BERT. */
import { beforeAll, expect, it } from 'vitest';
import { encodeSafetensors, type StoredTensor } from '../../data/index.ts';
import { init } from '../../engine/index.ts';
import { presets, type TransformerConfig } from '../../experiments/heavy-tail/transformer/config.ts';
import type { RunContext } from '../../experiments/types.ts';
import { transformerNoise } from '../../experiments/heavy-tail/transformer/index.ts';
import type { RunRecord } from '../../experiments/types.ts';
import { drawnWeights, small } from '../nn/bert-helpers.ts';
import { files } from './heavy-tail-files.ts';

beforeAll(() => init({ backend: 'reference' }));

const tiny: TransformerConfig = {
  ...presets.smoke,
  examples: 40,
  steps: 3,
  model: { ...presets.smoke.model, width: 8, depth: 1, heads: 2, intermediate: 8 },
  batchSize: 8,
  batchSizes: [4, 8],
  batches: 60,
  parameters: 6,
  controls: 2,
  piece: 12,
};

async function collect(config: TransformerConfig, changes: Partial<RunContext> = {}): Promise<RunRecord[]> {
  const context = { seed: 1, signal: { aborted: false }, progress: () => {}, log: () => {}, ...changes };
  const records: RunRecord[] = [];
  for await (const record of transformerNoise.run(config, context as RunContext)) records.push(record);
  return records;
}

it('trains, measures and fits, the same for the same seed, and its records survive JSON', async () => {
  const records = await collect(tiny);
  const fits = (count: number): string[] => new Array<string>(count).fill('fit');
  expect(records.map(({ name }) => name)).toEqual([
    'loss',
    'model',
    ...fits(6),
    ...new Array<string>(3).fill('histogram'),
    ...fits(10),
  ]);
  expect(JSON.parse(JSON.stringify(records))).toEqual(records);
  expect(records[1]).toMatchObject({ corpus: 'grammar', examples: 40, positives: 20, steps: 3 });
  expect(await collect(tiny)).toEqual(records);
});

it('takes sentences, vocabulary and weights from files, and the noise of one epoch', async () => {
  const tensors = new Map(
    [...drawnWeights('bert.', false)].map(([name, { shape, data }]): [string, StoredTensor] => [
      name,
      { dtype: 'F32', shape, data },
    ]),
  );
  // The table of words is that of the vocabulary.
  const word = 'bert.embeddings.word_embeddings.weight';
  tensors.set(word, {
    dtype: 'F32',
    shape: [17, small.width],
    data: new Float32Array(17 * small.width).fill(0.1),
  });
  const weights = encodeSafetensors(tensors);
  const config: TransformerConfig = {
    ...tiny,
    corpus: 'cola',
    files: presets.medium.files,
    examples: 0,
    length: 6,
    model: { ...small, vocabulary: 17, dropout: 0.1 },
    batchSize: 4,
    batchSizes: [1],
    batches: 0,
  };
  const read = (path: string): Promise<Uint8Array> =>
    path.endsWith('safetensors') ? Promise.resolve(weights) : files(path);
  const records = await collect(config, { files: read });
  expect(records.find(({ name }) => name === 'model')).toMatchObject({
    corpus: 'cola',
    examples: 40,
    cut: 20,
  });
  expect(
    records
      .filter(({ name }) => name === 'fit' || name === 'constant')
      .every(({ samples }) => samples === 40),
  ).toBe(true);
});

it('stops after the step it is in when the signal is given', async () => {
  const records = await collect(tiny, { signal: { aborted: true } });
  expect(records.map(({ name }) => name)).toEqual(['loss']);
});

it('records a training that diverges, and ends', async () => {
  const records = await collect({ ...tiny, learningRate: 1e200 });
  expect(records).toEqual([{ kind: 'event', name: 'diverged', after: 0, step: 3 }]);
});
