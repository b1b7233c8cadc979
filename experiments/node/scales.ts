/** The scales of a figure: which values they span, where their marks stand and how these are written. */
import type { FigureSection, Point } from '../report.ts';

export interface Scale {
  readonly type: 'linear' | 'log';
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** Whether there is nothing to show. */
  readonly empty: boolean;
  contains(value: number): boolean;
  /** Where in the domain a value lies: 0 at its low end, 1 at its high end. */
  fraction(value: number): number;
  /** The lower end of an error bar, which a logarithm cannot show below zero. */
  lower(value: number, error: number): number;
}

/** The scale of one axis: as asked for, else wide enough for every point, error bar and reference. */
export function scaleOf(figure: FigureSection, axis: 'x' | 'y'): Scale {
  const { scale: type = 'linear', domain, ticks, percent = false } = figure[axis];
  const lower = (value: number, error: number): number =>
    type === 'log' && value - error <= 0 ? value : value - error;
  const values = valuesOf(figure, axis, lower).filter(
    (value) => Number.isFinite(value) && (type === 'linear' || value > 0),
  );
  const span = domain ?? widened(values, type);
  const settings = type === 'log' && axis === 'x' ? settingsOf(figure) : undefined;
  const marks = ticks ?? settings ?? (type === 'log' ? logTicks(span) : linearTicks(span));
  const range = domain ?? (type === 'linear' && axis === 'y' && !ticks ? outer(span, marks) : span);
  return {
    type,
    domain: range,
    ticks: marks.filter((tick) => tick >= range[0] && tick <= range[1]),
    format: (value) => {
      if (settings && !settings.every(isShort)) return formatRatio(value);
      return formatTick(percent ? 100 * value : value) + (percent ? ' %' : '');
    },
    empty: values.length === 0,
    fraction: (value) =>
      type === 'log'
        ? Math.log(value / range[0]) / Math.log(range[1] / range[0])
        : (value - range[0]) / (range[1] - range[0]),
    contains: (value) => value >= range[0] && value <= range[1],
    lower,
  };
}

/**
 * The places of all points along x when they are few, apart, and round: a grid of settings, which is marked best by itself. Places
 * that were measured are not, and their digits would say nothing.
 */
function settingsOf({ series }: FigureSection): readonly number[] | undefined {
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const apart = places.every((x, k) => k === 0 || x > 1.15 * (places[k - 1] ?? 0));
  const round = places.every(isShort) || places.every(isRatio);
  return places.length > 0 && places.length <= 8 && apart && round ? places : undefined;
}

const near = (value: number, other: number): boolean => Math.abs(value - other) <= 1e-9 * Math.abs(other);

/** Three digits and zeros, as 0.025 and 12,500; or a few powers of two, as 49,152 = 3 · 2¹⁴. */
function isShort(value: number): boolean {
  let odd = value;
  while (odd % 2 === 0 && odd > 0) odd /= 2;
  return near(value, Number(value.toPrecision(3))) || (Number.isInteger(odd) && odd < 100);
}

/** A natural number, or one divided by such: 1/64. */
function isRatio(value: number): boolean {
  const whole = value < 1 ? 1 / value : value;
  return near(whole, Math.round(whole));
}

/** `1/64`, `2`. */
function formatRatio(value: number): string {
  return value < 1 ? `1/${formatTick(Math.round(1 / value))}` : formatTick(Math.round(value));
}

/** The points that both axes can show somewhere, in their order. */
export function finitePoints(
  points: readonly Point[],
  axes: { readonly x: Scale; readonly y: Scale },
): Point[] {
  return points.filter(({ x, y }) => canShow(x, axes.x) && canShow(y, axes.y));
}

/** The points for a line: one that cannot be shown becomes a NaN, where the line is interrupted. */
export function gappedPoints(
  points: readonly Point[],
  axes: { readonly x: Scale; readonly y: Scale },
): Point[] {
  return points
    .filter(({ x }) => canShow(x, axes.x))
    .map((point) => (canShow(point.y, axes.y) ? point : { x: point.x, y: NaN }));
}

function canShow(value: number, { type }: Scale): boolean {
  return Number.isFinite(value) && (type === 'linear' || value > 0);
}

function valuesOf(
  { series, curves = [], lines = [] }: FigureSection,
  axis: 'x' | 'y',
  lower: (value: number, error: number) => number,
): number[] {
  const points = [...series, ...curves].flatMap((each) => each.points);
  const references = lines.filter((line) => line.axis === axis).map(({ value }) => value);
  if (axis === 'x') return [...points.map(({ x }) => x), ...references];
  const ends = points.flatMap(({ y, error = 0 }) => [lower(y, error || 0), y + (error || 0)]);
  return [...ends, ...references];
}

/** The extent of the values with some air around it. */
function widened(values: readonly number[], type: 'linear' | 'log'): [number, number] {
  const [low, high] = extent(values);
  if (low > high) return type === 'log' ? [1, 10] : [0, 1];
  if (type === 'log') {
    const air = low === high ? 2 : (high / low) ** 0.04;
    return [low / air, high * air];
  }
  const air = low === high ? Math.abs(low) / 2 || 1 : (high - low) * 0.04;
  return [low - (low === 0 ? 0 : air), high + air];
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}

/** Multiples of 1, 2 or 5 times a power of ten, about six of them. */
function linearTicks([low, high]: readonly [number, number]): number[] {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const count = Math.ceil(high / step) - first;
  // A product of integers and a step below one carries rounding into the label; the division does not.
  const at = (k: number): number => (step >= 1 ? k * step : k / Math.round(1 / step));
  return Array.from({ length: count + 1 }, (_, k) => at(first + k));
}

/** The axis ends at a mark when the data nearly reach it, so that the last mark is not lost. */
function outer([low, high]: readonly [number, number], ticks: readonly number[]): readonly [number, number] {
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const below = ticks.filter((tick) => tick <= low).at(-1);
  const above = ticks.find((tick) => tick >= high);
  return [
    below !== undefined && low - below < 0.6 * step ? below : low,
    above !== undefined && above - high < 0.6 * step ? above : high,
  ];
}

/** Powers of ten on a long axis; on a shorter one 2 and 5 between them; on one of a few percent, evenly spaced. */
function logTicks([low, high]: readonly [number, number]): number[] {
  const decades = Math.log10(high / low);
  if (decades < 0.5) return linearTicks([low, high]).filter((tick) => tick >= low && tick <= high);
  const factors = decades < 1.2 ? [1, 1.5, 2, 3, 4, 5, 7] : decades < 3.5 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / 8));
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    if (power % every === 0)
      for (const factor of factors) ticks.push(power < 0 ? factor / 10 ** -power : factor * 10 ** power);
  return ticks.filter((tick) => tick >= low && tick <= high);
}

/** `0.25`, `5,000`, `2×10⁻⁵`. */
function formatTick(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1e6 || size < 1e-3) {
    const [mantissa = '', exponent = ''] = size.toExponential(6).split('e');
    const digits = exponent.replace('+', '').replace(/./g, (c) => SUPERSCRIPT['-0123456789'.indexOf(c)] ?? c);
    const factor = String(Number(mantissa));
    return `${sign}${factor === '1' ? '' : `${factor}×`}10${digits}`;
  }
  const [whole = '', fraction] = String(Number(size.toPrecision(6))).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

const SUPERSCRIPT = Array.from('⁻⁰¹²³⁴⁵⁶⁷⁸⁹');
