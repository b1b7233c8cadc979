/**
 * An experiment without tensors, so that the command can be tested in seconds: it counts, and has records of every kind,
 * a NaN, and text that would break a careless page. It imports types alone, so its compiled text stands on its own.
 */
import type { Experiment } from '../../experiments/types.ts';

export interface ToyConfig {
  readonly steps: number;
  /** Milliseconds per step. */
  readonly delay: number;
  /** The step at which it throws; -1 for never. */
  readonly failAt: number;
  /** Steps between two lines that it says; 0 for never. */
  readonly talk: number;
  readonly alphas: readonly number[];
  readonly optimizer: { readonly name: string; readonly rate: number };
}

const smoke: ToyConfig = {
  steps: 10,
  delay: 0,
  failAt: -1,
  talk: 0,
  alphas: [1, 1.5, 2],
  optimizer: { name: 'sgd', rate: 0.1 },
};

export const toy: Experiment<ToyConfig> = {
  name: 'toy-count',
  title: 'Counting',
  description: 'Does counting work?',
  presets: { smoke, small: { ...smoke, steps: 20 }, medium: smoke, paper: smoke },

  async *run({ steps, delay, failAt, talk, alphas }, { signal, seed, progress, log }) {
    if (steps < 1)
      throw Object.assign(new Error(`steps is ${steps}: expected at least 1.`), {
        name: 'LangevinError',
        code: 'CONFIG',
      });
    log('counting');
    for (let step = 0; step < steps && !signal.aborted; step++) {
      if (step === failAt) throw new Error('the toy broke');
      if (delay > 0) await new Promise((done) => setTimeout(done, delay));
      progress({ done: step + 1, total: steps, unit: 'steps', note: 'counting' });
      if (talk > 0 && step % talk === 0) log(`counted to ${step}`);
      yield {
        kind: 'metric',
        name: 'loss',
        step,
        value: step === 3 ? NaN : (1 + seed) * Math.exp(-step / 5),
      };
    }
    if (signal.aborted) return;
    for (const alpha of alphas) {
      const predicted = alpha ** 2 + (1 - alpha) ** 2;
      yield {
        kind: 'result',
        name: 'covariance',
        alpha,
        predicted,
        measured: predicted,
        standardError: 0.01,
      };
    }
  },

  report(records, { config }) {
    const losses = records.filter(({ name }) => name === 'loss');
    const rows = records.filter(({ name }) => name === 'covariance');
    const points = (list: typeof records, x: string, y: string, error?: string) =>
      list.map((record) => ({
        x: Number(record[x]),
        y: Number(record[y]),
        ...(error === undefined ? {} : { error: Number(record[error]) }),
      }));
    return {
      title: 'Counting <script>alert("&")</script>',
      lead: `${losses.length} steps of ${JSON.stringify(config)}.`,
      sections: [
        {
          kind: 'table',
          heading: 'Covariance <b>factor</b>',
          terminal: true,
          columns: [
            { key: 'alpha', label: 'α', format: 'number', digits: 1 },
            { key: 'predicted', label: 'predicted', format: 'number' },
            { key: 'measured', label: 'measured', format: 'number' },
          ],
          rows: rows.map(({ alpha, predicted, measured, standardError }) => ({
            alpha: Number(alpha),
            predicted: Number(predicted),
            measured: { value: Number(measured), error: Number(standardError) },
          })),
        },
        {
          kind: 'figure',
          id: 'loss',
          heading: 'Loss',
          caption: 'Falls.',
          x: { label: 'step' },
          y: { label: 'loss', scale: 'log' },
          series: [{ label: 'a < b & "c"', points: points(losses, 'step', 'value'), style: 'line' }],
          lines: [{ axis: 'y', value: 0.5, label: 'half' }],
        },
        {
          kind: 'figure',
          id: 'covariance',
          heading: 'Covariance',
          caption: 'Rises.',
          x: { label: 'α' },
          y: { label: 'factor', domain: [0, 4] },
          series: [{ label: 'measured', points: points(rows, 'alpha', 'measured', 'standardError') }],
          curves: [{ label: 'theory', points: points(rows, 'alpha', 'predicted') }],
        },
        { kind: 'text', heading: 'What it means', text: 'One.\n\nTwo.' },
      ],
    };
  },

  summary(records) {
    return {
      covariance: records
        .filter(({ name }) => name === 'covariance')
        .map(({ alpha, predicted, measured, standardError }) => ({
          alpha: Number(alpha),
          predicted: Number(predicted),
          measured: Number(measured),
          standardError: Number(standardError),
        })),
      runs: [],
    };
  },
};
