/** The noise of the gradients in tables and figures. */
import type { FigureSection, Section, TableSection } from '../report.ts';
import type { RunRecord } from '../types.ts';
import { histogram, outline } from './histogram.ts';
import { short, withError } from './numbers.ts';
import { find, findAll, numbers, rows, text } from './records.ts';
import { spectrumFigure, spectrumTable, textColumn } from './report-spectra.ts';

export function noiseSections(records: readonly RunRecord[]): Section[] {
  const noise = find(records, 'noise');
  if (!noise) return [];
  const unit = text(find(records, 'subject')?.['unit']);
  const own = find(records, 'eigenvalues', { operator: 'C' });
  return [
    overview(noise, records, unit),
    ...predictions(records, unit),
    ...distributions(records, unit),
    ...traceTables(records),
    ...(own ? [spectrumTable('c', [own]), spectrumFigure('c', [own])] : []),
    ...covarianceHistogram(records),
    ...cosines(records, unit),
  ];
}

function overview(noise: RunRecord, records: readonly RunRecord[], unit: string): TableSection {
  const g = find(records, 'sgd-noise');
  const entries: [string, string, string][] = [
    ['mean loss', short(Number(noise['meanLoss'])), 'nats'],
    ['tr C', withError(numbers(noise['trace'])), `of the training set, from single ${plural(unit)}`],
    ['|G|²', withError(numbers(noise['squaredGradient'])), 'without the share of the noise'],
    ['tr C / |G|²', ...scaleOf(noise, unit)],
    [
      'gradient diversity',
      short(Number(noise['diversity'])),
      `batches gain up to ${short(Number(noise['batchSizeBound']))} ${plural(unit)}`,
    ],
    ['tr C of the sample', short(Number(noise['traceOverN'])), 'divisor N, nothing estimated'],
    ...(g
      ? [
          ['g', short(Number(g['g'])), 'ε (N/B − 1)/(1 − m), the noise scale of SGD'] as [
            string,
            string,
            string,
          ],
        ]
      : []),
  ];
  return {
    kind: 'table',
    heading: 'Gradient noise',
    caption:
      'C is the covariance of the gradients of single units, G their mean. Behind ± stands one standard error of what the sample says of the training set; without one, all of it was measured.',
    terminal: true,
    columns: [
      { key: 'quantity', label: 'quantity' },
      textColumn('value', 'value'),
      { key: 'meaning', label: 'meaning' },
    ],
    rows: entries.map(([quantity, value, meaning]) => ({ quantity, value, meaning })),
  };
}

/** A quotient by what may be 0 says nothing. */
function scaleOf(noise: RunRecord, unit: string): [string, string] {
  const [signal = 0, error = 0] = numbers(noise['squaredGradient']);
  return signal > 2 * error
    ? [withError(numbers(noise['noiseScale'])), `gradient noise scale, in ${plural(unit)}`]
    : ['–', 'gradient noise scale: |G|² is within two standard errors of 0, take more examples'];
}

function predictions(records: readonly RunRecord[], unit: string): TableSection[] {
  const found = findAll(records, 'minibatch');
  const first = found[0];
  if (!first) return [];
  return [
    {
      kind: 'table',
      heading: 'Predicted covariance of the minibatch gradient',
      caption: `Cov = factor · C for batches of ${text(first['batchSize'])} of the ${text(first['count'])} ${plural(unit)} of the training set: (N − B)/(B(N − 1)) without replacement and 1/B with, times α² + (1 − α)² where two independent batches are combined.`,
      terminal: true,
      columns: [
        textColumn('alpha', 'α'),
        { key: 'drawn', label: 'drawn' },
        textColumn('factor', 'factor'),
        textColumn('trace', 'predicted trace'),
      ],
      rows: found.map(({ alpha, replacement, factor, trace }) => ({
        alpha: text(alpha),
        drawn: replacement ? 'with replacement' : 'without replacement',
        factor: short(Number(factor)),
        trace: short(Number(trace)),
      })),
    },
  ];
}

function distributions(records: readonly RunRecord[], unit: string): FigureSection[] {
  const units = find(records, 'units');
  if (!units) return [];
  const [norms, cosines] = [numbers(units['norms']), numbers(units['cosinesWithMean'])];
  return [
    {
      kind: 'figure',
      id: 'gradient-norms',
      heading: `Norms of the gradients of single ${plural(unit)}`,
      caption: `${norms.length} ${plural(unit)}, in bins that are equal on the axis; norms of 0 are left out: ${norms.filter((x) => x === 0).length}.`,
      x: { label: '|g|', scale: 'log' },
      y: { label: plural(unit) },
      series: [{ label: plural(unit), style: 'line', points: outline(histogram(norms, { scale: 'log' })) }],
    },
    {
      kind: 'figure',
      id: 'gradient-cosines',
      heading: 'Cosines with the mean gradient',
      caption: 'To the right of 0 a step along the mean gradient lowers the loss of the unit itself.',
      x: { label: 'cos(g, G)' },
      y: { label: plural(unit) },
      series: [{ label: plural(unit), style: 'line', points: outline(histogram(cosines)) }],
      lines: [{ axis: 'x', value: 0, label: 'orthogonal' }],
    },
  ];
}

function traceTables(records: readonly RunRecord[]): TableSection[] {
  const traces = find(records, 'traces');
  if (!traces) return [];
  const total = rows(traces['perTensor']).reduce((sum, { traceOverN }) => sum + Number(traceOverN), 0);
  const table = (heading: string, field: 'perLayer' | 'perTensor', terminal: boolean): TableSection => ({
    kind: 'table',
    heading,
    caption: 'Traces of the diagonal blocks of C, divisor N; they add up to the whole.',
    terminal,
    columns: [
      { key: 'path', label: field === 'perLayer' ? 'layer' : 'parameter' },
      textColumn('trace', 'tr C'),
      { key: 'share', label: 'share', format: 'percent', digits: 1 },
      textColumn('mean', '|G|²'),
      textColumn('scale', 'tr C / |G|²'),
    ],
    rows: rows(traces[field]).map(({ path, traceOverN, squaredNormOfMean }) => ({
      path: text(path),
      trace: short(Number(traceOverN)),
      share: total > 0 ? Number(traceOverN) / total : null,
      mean: short(Number(squaredNormOfMean)),
      scale: short(Number(traceOverN) / Number(squaredNormOfMean)),
    })),
  });
  return [table('Noise by layer', 'perLayer', true), table('Noise by parameter', 'perTensor', false)];
}

/** All eigenvalues of C that may differ from 0, where there are few units. */
function covarianceHistogram(records: readonly RunRecord[]): FigureSection[] {
  const spectrum = numbers(find(records, 'eigenvalues', { operator: 'C' })?.['spectrum']);
  if (spectrum.length === 0) return [];
  return [
    {
      kind: 'figure',
      id: 'covariance-histogram',
      heading: 'Eigenvalues of the noise covariance',
      caption: `The ${spectrum.length} eigenvalues of the centred Gram matrix, which are those of C that may differ from 0, in bins that are equal on the axis. One of them is 0 but for rounding.`,
      x: { label: 'eigenvalue', scale: 'log' },
      y: { label: 'eigenvalues' },
      series: [{ label: 'C', style: 'line', points: outline(histogram(spectrum, { scale: 'log' })) }],
    },
  ];
}

function cosines(records: readonly RunRecord[], unit: string): TableSection[] {
  const found = find(records, 'cosines');
  if (!found) return [];
  const value = (field: string): string => short(Number(found[field]));
  const entries: [string, string][] = [
    ['mean', value('meanOverPairs')],
    ['standard deviation', value('standardDeviationOverPairs')],
    ['smallest', value('smallest')],
    ['largest', value('largest')],
    ['share below 0', `${short(100 * Number(found['negativeShare']), 3)} %`],
    ['mean with G', value('meanWithMean')],
    [`${plural(unit)} without gradient`, text(found['zeroGradients'])],
  ];
  return [
    {
      kind: 'table',
      heading: `Cosines of pairs of ${plural(unit)}`,
      caption: `Over all pairs of ${text(found['count'])} ${plural(unit)}.`,
      columns: [{ key: 'quantity', label: 'quantity' }, textColumn('value', 'value')],
      rows: entries.map(([quantity, shown]) => ({ quantity, value: shown })),
    },
  ];
}

function plural(unit: string): string {
  return unit === 'example' ? 'examples' : 'ghost batches';
}
