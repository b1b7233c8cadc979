/**
 * Figures as SVG, drawn by Observable Plot on linkedom's document. The same section gives the same bytes: nothing here
 * reads the clock, the fonts or the size of a window, and coordinates are rounded so that the last bit of a
 * platform's `Math.log` does not show.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeHtml } from '../escape.ts';
import type { FigureSection, Point, ReferenceCurve, ReferenceLine, Series } from '../report.ts';
import { isLeftEmptier, nameablePoint, type Scales } from './clearance.ts';
import { LEGEND_ROW, legendMarks, legendRows, seriesSymbol } from './legend.ts';
import { finitePoints, gappedPoints, scaleOf, type Scale } from './scales.ts';
import { FONT, seriesColour, themeCss } from './theme.ts';

const WIDTH = 720;
const FRAME_HEIGHT = 340;
const MARGIN = { top: 32, right: 24, bottom: 54, left: 64 };

/** The class of every figure's root element. */
export const CLASS: string = 'langevin-figure';

/** The figure as a complete SVG file, which is also what a page inlines. */
export function drawFigure(figure: FigureSection): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const scales = { x: scaleOf(figure, 'x'), y: scaleOf(figure, 'y') };
  const { lines = [], curves = [] } = figure;
  const rows = legendRows(figure.series, WIDTH - MARGIN.left - MARGIN.right);
  const marginTop = MARGIN.top + rows.length * LEGEND_ROW;
  const svg = Plot.plot({
    document,
    className: CLASS,
    width: WIDTH,
    height: marginTop + FRAME_HEIGHT + MARGIN.bottom,
    marginTop,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: MARGIN.left,
    style: { background: 'var(--paper)', color: 'var(--ink)', fontFamily: FONT, fontSize: '13px' },
    x: plotScale(scales.x),
    y: plotScale(scales.y),
    marks: [
      Plot.gridY([...scales.y.ticks], { stroke: 'var(--line)', strokeOpacity: 1 }),
      Plot.axisX([...scales.x.ticks], { ...axisStyle(scales.x, figure.x.label), labelAnchor: 'center' }),
      Plot.axisY([...scales.y.ticks], { ...axisStyle(scales.y, figure.y.label), labelAnchor: 'top' }),
      ...lines.map(lineMark),
      ...curves.map((curve) => curveMark(curve, styleOf(curve, curves), scales)),
      ...lines.map((line) => lineName(line, figure, scales)),
      ...curveNames(figure, scales),
      ...figure.series.flatMap((series, k) => seriesMarks(series, k, dodge(figure, k), scales)),
      ...legendMarks(rows),
      ...(scales.x.empty
        ? [Plot.text(['no data yet'], { frameAnchor: 'middle', fill: 'var(--muted)' })]
        : []),
    ],
  });
  return standalone(svg, figure.heading, figure.id);
}

/** A drawing of Plot as a complete SVG file that follows the theme. `id` is unique on the page. */
export function standalone(svg: Element, title: string, id: string): string {
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  // Not by setAttribute: linkedom leaves `<` in attributes as it is, which is no XML.
  const name = `<svg role="img" aria-label="${escapeHtml(title)}" `;
  return tidy(
    svg.outerHTML.replace('<svg ', () => name),
    id,
  );
}

function plotScale({ type, domain }: Scale): Plot.ScaleOptions {
  return { type, domain: [...domain] };
}

function axisStyle({ format }: Scale, label: string): Plot.AxisXOptions & Plot.AxisYOptions {
  // Through `text` rather than `tickFormat`: on a logarithmic scale Plot drops the labels of most marks otherwise.
  return { stroke: 'var(--muted)', fill: 'var(--ink)', label, labelArrow: 'none', text: format };
}

const DASHED = { stroke: 'var(--muted)', strokeDasharray: '5,4', strokeWidth: 1.25 } as const;

interface CurveStyle {
  readonly stroke: string;
  readonly strokeDasharray: string;
  readonly strokeWidth: number;
}

/** Curves of one figure differ in their dashes, and each in ink from that before it, as their names do. */
const CURVES: readonly CurveStyle[] = [
  DASHED,
  { stroke: 'var(--ink)', strokeDasharray: '1.5,3', strokeWidth: 1.75 },
  { stroke: 'var(--muted)', strokeDasharray: '10,3,2,3', strokeWidth: 1.25 },
  { stroke: 'var(--ink)', strokeDasharray: '12,5', strokeWidth: 1.25 },
];

/** Curves of one label are one, such as both branches of a bound. */
function styleOf({ label }: ReferenceCurve, curves: readonly ReferenceCurve[]): CurveStyle {
  const labels = [...new Set(curves.map((curve) => curve.label))];
  return CURVES[labels.indexOf(label) % CURVES.length] as CurveStyle;
}

/** Names lie over the grid, clear of its lines, and under the data, of which nothing may be hidden. */
const NAME = { fill: 'var(--muted)', stroke: 'var(--paper)', strokeWidth: 5 } as const;

function lineMark({ axis, value }: ReferenceLine): Plot.Markish {
  return axis === 'y' ? Plot.ruleY([value], DASHED) : Plot.ruleX([value], DASHED);
}

/** At the emptier end of a horizontal line, at the upper end of a vertical one. */
function lineName(
  { axis, value, label }: ReferenceLine,
  figure: FigureSection,
  scales: Scales,
): Plot.Markish {
  if (axis === 'x')
    return Plot.text([label], {
      x: [value],
      frameAnchor: 'top',
      textAnchor: 'start',
      dx: 6,
      dy: 10,
      ...NAME,
    });
  return isLeftEmptier(value, figure, scales)
    ? Plot.text([label], { y: [value], frameAnchor: 'left', textAnchor: 'start', dx: 4, dy: -10, ...NAME })
    : Plot.text([label], { y: [value], frameAnchor: 'right', textAnchor: 'end', dy: -10, ...NAME });
}

function curveMark({ points }: ReferenceCurve, style: CurveStyle, scales: Scales): Plot.Markish {
  return Plot.line(gappedPoints(points, scales), { x: 'x', y: 'y', ...style, clip: true });
}

/** Each where it has the most room, clear of the names before it too. */
function curveNames(figure: FigureSection, scales: Scales): Plot.Markish[] {
  const { curves = [] } = figure;
  const taken: Point[] = [];
  return curves.flatMap((curve) => {
    const { label, points } = curve;
    const series = [...figure.series, { label: '', points: taken }];
    const place = nameablePoint(curve, { ...figure, series }, scales);
    if (!place) return [];
    const end = scales.x.fraction(place.x);
    taken.push(...points.filter(({ x }) => scales.x.fraction(x) <= end && scales.x.fraction(x) > end - 0.2));
    const fill = styleOf(curve, curves).stroke;
    return [Plot.text([label], { x: [place.x], y: [place.y], textAnchor: 'end', dy: -14, ...NAME, fill })];
  });
}

/** Series of dots alone stand side by side, some pixels apart, lest they cover each other. */
function dodge({ series }: FigureSection, k: number): number {
  const dots = series.flatMap(({ style }, index) => (style === 'dots' ? [index] : []));
  return dots.includes(k) ? (dots.indexOf(k) - (dots.length - 1) / 2) * 9 : 0;
}

function seriesMarks(
  { points, style = 'both' }: Series,
  k: number,
  dx: number,
  scales: Scales,
): Plot.Markish[] {
  const shown = finitePoints(points, scales);
  const colour = seriesColour(k);
  const bars = shown.filter(({ error }) => error !== undefined && error > 0);
  const inFrame = shown.filter(({ x, y }) => scales.x.contains(x) && scales.y.contains(y));
  const marks: Plot.Markish[] = [];
  if (style !== 'dots')
    marks.push(
      Plot.line(gappedPoints(points, scales), {
        x: 'x',
        y: 'y',
        stroke: colour,
        strokeWidth: 1.75,
        clip: true,
      }),
    );
  if (bars.length > 0) {
    const y1 = ({ y, error = 0 }: Point): number => scales.y.lower(y, error);
    const y2 = ({ y, error = 0 }: Point): number => y + error;
    const bar = { stroke: colour, strokeWidth: 1.5, dx, clip: true } as const;
    marks.push(Plot.ruleX(bars, { x: 'x', y1, y2, ...bar }));
  }
  if (style !== 'line')
    marks.push(
      Plot.dot(inFrame, {
        x: 'x',
        y: 'y',
        dx,
        fill: colour,
        stroke: 'var(--paper)',
        symbol: seriesSymbol(k),
        r: 4,
      }),
    );
  return marks;
}

/**
 * Plot numbers its clip paths through the life of the process; here they are named after the figure, in order, so that
 * the bytes repeat and two figures on one page do not share a name. Coordinates keep two decimals, and every element
 * has a line, so that a change of a figure can be reviewed.
 */
function tidy(svg: string, id: string): string {
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    const known = names.get(name) ?? `${id}-clip-${names.size + 1}`;
    names.set(name, known);
    return known;
  };
  return `${svg
    .replace(/plot-clip-\d+/g, rename)
    .replace(/ (d|transform|c?[xy]|[xy][12]|width|height)="([^"]*)"/g, (_, name: string, value: string) => {
      return ` ${name}="${value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (x) => String(Math.round(Number(x) * 100) / 100))}"`;
    })
    .replaceAll('><', '>\n<')
    .replace('<style>', `<style>${themeCss(`.${CLASS}`)}\n`)}\n`;
}
