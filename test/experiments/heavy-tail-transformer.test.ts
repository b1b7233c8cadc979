/** The transformer's experiment but for the training: sentences, tokens, files, decisions. Whole runs are in the slow suite. */
import { beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../engine/index.ts';
import { presets, checkConfig } from '../../experiments/heavy-tail/transformer/config.ts';
import { loadCorpus } from '../../experiments/heavy-tail/transformer/corpus.ts';
import type { RunContext } from '../../experiments/types.ts';
import { minibatches } from '../../experiments/heavy-tail/transformer/gradients.ts';
import { sentenceAt } from '../../experiments/heavy-tail/transformer/grammar.ts';
import { transformerNoise } from '../../experiments/heavy-tail/transformer/index.ts';
import { wordPiece } from '../../experiments/heavy-tail/transformer/word-piece.ts';
import type { TableSection } from '../../experiments/report.ts';
import type { Manifest, RunRecord } from '../../experiments/types.ts';
import { cola, files, vocabulary } from './heavy-tail-files.ts';
import { manifestOf } from './reports.ts';

beforeAll(() => init({ backend: 'reference' }));

const code = (name: string): unknown => expect.objectContaining({ code: name });
const context = {
  seed: 1,
  signal: { aborted: false },
  progress: () => {},
  log: () => {},
} as unknown as RunContext;

describe('the grammar', () => {
  const balanced = (brackets: readonly number[]): boolean => {
    const open: number[] = [];
    for (const token of brackets)
      if (token < 8) open.push(token - 4);
      else if (open.pop() !== token - 8) return false;
    return open.length === 0;
  };
  const agrees = (noun: number, verb: number): boolean => noun >= 17 === verb >= 27;

  it('has balanced brackets and a verb that agrees, or one of the two wrong', () => {
    let [brackets, verbs] = [0, 0];
    for (let index = 0; index < 600; index++) {
      const { tokens, label } = sentenceAt([3, 4], index);
      expect(tokens.length).toBeLessThanOrEqual(16);
      expect([tokens[0], tokens.at(-1)]).toEqual([1, 2]);
      expect(tokens.every((token) => token > 0 && token < 32)).toBe(true);
      const right = balanced(tokens.slice(2, -2));
      const agreed = agrees(tokens[1]!, tokens.at(-2)!);
      expect(right && agreed).toBe(label === 1);
      if (!right) brackets++;
      if (!agreed) verbs++;
    }
    expect(brackets + verbs).toBe(300);
    // A fair coin: 150 ± 8.7.
    expect(Math.abs(brackets - 150)).toBeLessThan(40);
  });
});

describe('WordPiece', () => {
  it('lower-cases, drops accents, cuts off punctuation, and takes the longest pieces', async () => {
    const { encode, size } = await wordPiece(vocabulary(), 'vocab.txt');
    const words = (text: string): string[] => {
      const lines = new TextDecoder().decode(vocabulary()).split('\n');
      return encode(text).map((id) => lines[id] as string);
    };
    expect(size).toBe(17);
    expect(words('The cats PLAYED, café!')).toEqual([
      '[CLS]',
      'the',
      'cat',
      '##s',
      'play',
      '##ed',
      ',',
      'cafe',
      '[UNK]',
      '[SEP]',
    ]);
    expect(words('unplayable')).toEqual(['[CLS]', 'un', '##play', '##able', '[SEP]']);
    expect(words('')).toEqual(['[CLS]', '[SEP]']);
  });

  it('takes no token from empty lines at the end of its vocabulary', async () => {
    const padded = new TextEncoder().encode(`${new TextDecoder().decode(vocabulary())}\n\r\n`);
    expect((await wordPiece(padded, 'vocab.txt')).size).toBe(17);
  });

  it('without its vocabulary, or with another, is refused', async () => {
    await expect(wordPiece(undefined, 'vocab.txt')).rejects.toThrow(code('VOCABULARY'));
    await expect(wordPiece(undefined, 'vocab.txt')).rejects.toThrow(/vocab\.txt is not there/);
    await expect(wordPiece(new Uint8Array(0), 'vocab.txt')).rejects.toThrow(/is empty/);
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    await expect(wordPiece(bytes('the\ncat\n'), 'v')).rejects.toThrow(/has no \[PAD\]/);
    const twice = bytes(`${new TextDecoder().decode(vocabulary())}the\n`);
    await expect(wordPiece(twice, 'v')).rejects.toThrow(/line 18, "the", is there twice|line \d+, "the"/);
  });
});

describe('the corpus', () => {
  const config = {
    ...presets.medium,
    examples: 0,
    length: 6,
    model: { ...presets.small.model, vocabulary: 17 },
  };

  it('is read from the files of the user, cut and padded', async () => {
    const { tensors, count, positives, cut } = await loadCorpus(config, { ...context, files });
    expect([count, positives, cut]).toEqual([cola.length, cola.length / 2, cola.length / 2]);
    const texts = [...(await tensors.texts.data())];
    // [CLS] the cat ##s play [SEP], and [CLS] the cat [SEP] with padding.
    expect(texts.slice(0, 18)).toEqual([2, 5, 6, 7, 8, 3, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(texts.slice(18, 36)).toEqual([2, 5, 6, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0]);
  });

  it('names the file that is missing, and where it is to be put', async () => {
    await expect(loadCorpus(config, context)).rejects.toThrow(code('DATA_MISSING'));
    const none = { ...context, files: () => Promise.reject(new Error('no')) };
    await expect(loadCorpus(config, none)).rejects.toThrow(/cola\/in_domain_train\.tsv.*LANGEVIN_DATA/);
    await expect(
      loadCorpus({ ...config, model: { ...config.model, vocabulary: 18 } }, { ...context, files }),
    ).rejects.toThrow(/has 17 tokens and model\.vocabulary is 18/);
  });

  it.each([
    [{ length: 15 }, /the grammar takes 16 positions/],
    [{ batchSizes: [] }, /batchSizes is empty/],
    [{ batchSizes: [2000] }, /a minibatch is smaller than the 2000 sentences/],
    [{ batches: 19 }, /batches is 19/],
    [{ length: 17 }, /length is 17, and model\.positions only 16/],
    [{ examples: 0 }, /examples is 0/],
    [{ corpus: 'cola' as const }, /files\.sentences is empty.*cola\/in_domain_train\.tsv/],
    [
      { corpus: 'cola' as const, files: { ...presets.paper.files, vocabulary: '' } },
      /files\.vocabulary is empty.*vocab\.txt/,
    ],
    [{ model: { ...presets.small.model, depth: -1 } }, /model\.depth is -1/],
    [{ model: { ...presets.small.model, heads: 3 } }, /model\.width is 32 and model\.heads 3/],
    [{ model: { ...presets.small.model, dropout: 1.5 } }, /model\.dropout is 1\.5/],
    [{ learningRate: Infinity }, /learningRate is Infinity/],
  ])('refuses %o', (change, message) => {
    expect(() => checkConfig({ ...presets.small, ...change })).toThrow(message);
  });
});

describe('the minibatches of sentences', () => {
  it('are fresh subsets, or an epoch cut into pieces', () => {
    const epoch = minibatches(26, 4, 0, 5);
    expect(epoch).toHaveLength(6);
    expect(new Set(epoch.flatMap((batch) => [...batch])).size).toBe(24);
    const drawn = minibatches(26, 4, 30, 5);
    expect(drawn).toHaveLength(30);
    for (const batch of drawn) expect(new Set(batch).size).toBe(4);
    expect(minibatches(26, 4, 30, 5)).toEqual(drawn);
  });
});

describe('heavy-tail/table2', () => {
  const manifest = (config: object): Manifest =>
    manifestOf('heavy-tail/table2', config, {
      seed: 1,
      dataset: { name: 'sentences of a grammar', source: 'own', train: 0, test: 0, hashes: {} },
    });
  const fit = (batchSize: number, path: string, index: number, gain: number, alpha: number): RunRecord => ({
    kind: 'result',
    name: 'fit',
    batchSize,
    samples: 2000,
    path,
    index,
    alpha,
    alphaError: 0.03,
    normalSse: gain * (9 / batchSize),
    stableSse: 9 / batchSize,
    normalChi: 0.2,
    stableChi: 0.1,
  });
  const records = [8, 32].flatMap((size) =>
    Array.from({ length: 20 }, (_, k) => [
      fit(size, 'weight', k, size === 8 ? 2 : 1.005, size === 8 ? 1.5 : 1.9),
      fit(size, 'control', k, 1.01, 2),
    ]).flat(),
  );
  const verdicts = (config: object, of: readonly RunRecord[] = records): unknown[] =>
    (transformerNoise.report(of, manifest(config)).sections as TableSection[])
      .filter(({ kind, heading }) => kind === 'table' && heading === "The paper's claims")
      .flatMap(({ rows }) => rows.map(({ verdict }) => verdict));

  it('decides by gains above those of controls, and by signs over parameters', () => {
    expect(verdicts(presets.small)).toEqual(['holds', 'cannot be decided', 'holds', 'holds']);
    const worse = records.map((record) =>
      record['path'] === 'weight' ? { ...record, normalSse: 0.1 } : record,
    );
    expect(verdicts(presets.small, worse).slice(0, 2)).toEqual(['does not hold', 'does not hold']);
    // One epoch has fewer minibatches of the larger size.
    expect(verdicts(presets.paper)[2]).toBe('cannot be decided');
    expect(verdicts(presets.small, records.slice(0, 40))).toEqual([
      'holds',
      'cannot be decided',
      'cannot be decided',
    ]);
  });

  it('draws the noise of three parameters, and says of a training that diverged when it did', () => {
    const drawn = [0, 1, 2].map((index): RunRecord => ({
      kind: 'result',
      name: 'histogram',
      batchSize: 8,
      samples: 200,
      layer: 'layer0',
      path: 'layer0/weight',
      index,
      least: -3,
      width: 0.1,
      counts: new Array<number>(60).fill(3),
      alpha: 1.5,
      centre: 0,
      scale: 0.7,
    }));
    const { sections } = transformerNoise.report([...records, ...drawn], manifest(presets.small));
    const figures = sections.filter((section) => section.kind === 'figure');
    expect(figures.map(({ id }) => id)).toEqual([
      'histogram-heaviest-tail',
      'histogram-middle-tail',
      'histogram-lightest-tail',
    ]);
    expect(figures[0]!.curves).toHaveLength(2);
    const lost = transformerNoise.report(
      [{ kind: 'event', name: 'diverged', after: 50, step: 100 }],
      manifest({ ...presets.small, learningRate: 1e30 }),
    );
    expect(lost.sections).toMatchObject([
      {
        heading: 'The training diverged',
        rows: [{ learningRate: '1e+30', between: '50 and 100' }],
        terminal: true,
      },
    ]);
  });

  it('shows the published errors beside those measured, and nothing of nothing', () => {
    const [errors] = transformerNoise.report(records, manifest(presets.small)).sections as TableSection[];
    expect(errors!.rows[0]).toMatchObject({
      batchSize: 8,
      what: 'published',
      normalSse: 2.15,
      stableSse: 0.71,
    });
    expect(errors!.rows).toHaveLength(6);
    expect(transformerNoise.report([], manifest(presets.small)).sections).toEqual([]);
    expect(transformerNoise.summary(records)['batchSizes']).toHaveLength(2);
  });
});
