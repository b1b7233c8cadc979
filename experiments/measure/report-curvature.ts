/** The curvature of the loss in tables and figures. */
import type { FigureSection, Section, TableSection } from '../report.ts';
import { densityCurve, spectralRange, type SpectralDensity } from '../../stats/index.ts';
import type { RunRecord } from '../types.ts';
import { histogram, outline } from './histogram.ts';
import { short, withError } from './numbers.ts';
import { find, findAll, numbers, rows, text } from './records.ts';
import { nameOf, spectrumFigure, spectrumTable, textColumn } from './report-spectra.ts';

export function curvatureSections(records: readonly RunRecord[]): Section[] {
  const ends = findAll(records, 'eigenvalues').filter(({ operator }) => operator !== 'C');
  return [
    ...(ends.length > 0 ? [spectrumTable('h', ends), spectrumFigure('h', ends)] : []),
    ...traces(records),
    ...density(records),
    ...alignments(records),
    ...spectra(records),
  ];
}

function traces(records: readonly RunRecord[]): TableSection[] {
  const found = findAll(records, 'trace');
  if (found.length === 0) return [];
  const determinants = findAll(records, 'spectrum');
  return [
    {
      kind: 'table',
      heading: 'Traces and norms',
      caption:
        'The trace by Hutch++, the Frobenius norm by random probes; behind ± stands one standard error.' +
        (determinants.length > 0
          ? ' The logarithm of the determinant is of the eigenvalues above 10⁻⁶ of the largest, as many as are named.'
          : ''),
      terminal: true,
      columns: [
        { key: 'name', label: 'matrix' },
        textColumn('trace', 'trace'),
        textColumn('norm', 'Frobenius norm'),
        { key: 'products', label: 'products', format: 'integer' },
        ...(determinants.length > 0 ? [textColumn('determinant', 'ln det')] : []),
      ],
      rows: found.map((record) => {
        const { operator = null, trace, frobeniusNorm, products } = record;
        const determinant = find(determinants, 'spectrum', { operator })?.['logDeterminant'] as
          { readonly value: number; readonly counted: number } | undefined;
        return {
          name: nameOf(record),
          trace: withError(numbers(trace)),
          norm: withError(numbers(frobeniusNorm)),
          products: Number(products),
          determinant: determinant ? `${short(determinant.value)} of ${determinant.counted}` : null,
        };
      }),
    },
  ];
}

function density(records: readonly RunRecord[]): FigureSection[] {
  const record = find(records, 'density');
  if (!record) return [];
  const spectrum: SpectralDensity = {
    operator: 'H',
    dimension: Number(record['dimension']),
    products: 0,
    quadratures: rows(record['quadratures']).map(({ nodes, weights }) => ({
      nodes: Float64Array.from(numbers(nodes)),
      weights: Float64Array.from(numbers(weights)),
    })),
  };
  const [low, high] = spectralRange(spectrum);
  const { at, density: values, standardError, width } = densityCurve(spectrum);
  // A logarithm shows the few outliers and the many near 0; what is under a millionth of the peak is the Gaussians' tails.
  const floor = 1e-6 * Math.max(...values);
  return [
    {
      kind: 'figure',
      id: 'spectral-density',
      heading: 'Spectral density of the Hessian',
      caption:
        `By stochastic Lanczos quadrature from ${spectrum.quadratures.length} random vectors, broadened by Gaussians of standard deviation ${short(width)}; ` +
        `the nodes reach from ${short(low)} to ${short(high)}. The share of eigenvalues between two places is the area; dashed lines are one standard error above and below.`,
      x: { label: 'eigenvalue' },
      y: { label: 'density', scale: 'log' },
      series: [
        {
          label: 'density',
          style: 'line',
          points: Array.from(at, (x, k) => ({ x, y: values[k]! > floor ? values[k]! : NaN })),
        },
      ],
      curves: [-1, 1].map((sign) => ({
        label: '',
        points: Array.from(at, (x, k) => {
          const y = values[k]! + sign * standardError[k]!;
          return { x, y: y > floor && Number.isFinite(y) ? y : NaN };
        }),
      })),
    },
  ];
}

function alignments(records: readonly RunRecord[]): Section[] {
  const found = findAll(records, 'alignment');
  const along = find(records, 'along');
  const cosines: TableSection[] =
    found.length === 0
      ? []
      : [
          {
            kind: 'table',
            heading: 'Alignment of noise and curvature',
            caption:
              'cos(A, B) = tr(AB)/(|A| |B|) is 1 for matrices that are proportional to each other. The overlap is the share that the leading eigenvectors of the one have in the space of the other’s.',
            terminal: true,
            columns: [{ key: 'quantity', label: 'quantity' }, textColumn('value', 'value')],
            rows: [
              ...found.map(({ operators, cosine }) => ({
                quantity: `cos(${rowsOf(operators)
                  .map((operator) => nameOf({ kind: 'result', name: '', operator }))
                  .join(', ')})`,
                value: withError(numbers(cosine)),
              })),
              ...(along
                ? [
                    {
                      quantity: `overlap of the ${text(along['dimension'])} leading eigenvectors of C and H`,
                      value: `${short(Number(along['overlap']))} (by chance ${short(Number(along['byChance']), 2)})`,
                    },
                  ]
                : []),
            ],
          },
        ];
  if (!along) return cosines;
  const values = numbers(find(records, 'eigenvalues', { operator: 'H', end: 'largest' })?.['values']);
  return [
    ...cosines,
    {
      kind: 'figure',
      id: 'noise-along-curvature',
      heading: 'Noise along the leading eigenvectors of the Hessian',
      caption:
        'Where C is proportional to H the points lie on a straight line, which in this figure has slope 1.',
      x: { label: 'eigenvalue of H', scale: 'log' },
      y: { label: 'vᵀ C v', scale: 'log' },
      series: [
        {
          label: 'eigenvectors of H',
          style: 'dots',
          points: numbers(along['quotients']).map((y, k) => ({ x: values[k] ?? NaN, y })),
        },
      ],
    },
  ];
}

function rowsOf(operators: RunRecord[string]): readonly string[] {
  return Array.isArray(operators) ? operators.map(String) : [];
}

function spectra(records: readonly RunRecord[]): FigureSection[] {
  const found = findAll(records, 'spectrum');
  if (found.length === 0) return [];
  return [
    {
      kind: 'figure',
      id: 'spectrum-histogram',
      heading: 'All eigenvalues',
      caption: 'From the matrices themselves. Bins without eigenvalues are left out.',
      x: { label: 'eigenvalue' },
      y: { label: 'eigenvalues', scale: 'log' },
      series: found.map((record) => ({
        label: nameOf(record),
        style: 'line',
        points: outline(histogram(numbers(record['values']), { bins: 60 }), NaN),
      })),
    },
  ];
}
