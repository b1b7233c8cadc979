/** The two drawings of an inspected step: where its time goes, and what lies in its scratch memory when. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Profile, Program } from '../../../engine/index.ts';
import { figuresOf, type DispatchFigures } from '../../inspection/figures.ts';
import { memoryOf } from '../../inspection/memory.ts';
import { CLASS, standalone } from '../figure.ts';
import { FONT, seriesColour } from '../theme.ts';

const WIDTH = 1040;
const STYLE = {
  background: 'var(--paper)',
  color: 'var(--ink)',
  fontFamily: FONT,
  fontSize: '12px',
} as const;
const AXIS = { stroke: 'var(--muted)', fill: 'var(--ink)', labelArrow: 'none' } as const;

/** Kernels that have a bar of their own; the others share one. */
const BARS = 24;
const ROW = 24;
/** Longest name of a bar, in characters: what fits in the margin. */
const NAME = 50;

interface Bar {
  readonly name: string;
  readonly ms: number;
  readonly share: number;
  readonly colour: string;
  readonly note: string;
}

/** Time by kernel, the longest first; dispatches of the same label are one. Undefined where there are no times. */
export function timeChart(profile: Profile): string | undefined {
  const { dispatches, ms: total } = figuresOf(profile);
  if (total === undefined || total === 0) return undefined;
  const shaders = [...new Set(dispatches.map(({ shader }) => shader))];
  const byLabel = new Map<string, DispatchFigures[]>();
  for (const row of dispatches) {
    const label = `${row.operations} ${row.output}`;
    byLabel.set(label, [...(byLabel.get(label) ?? []), row]);
  }
  const all = [...byLabel.values()].map((rows): Bar => {
    const ms = rows.reduce((sum, row) => sum + (row.ms as number), 0);
    const [{ operations, output, shader }] = rows as [(typeof rows)[number]];
    const count = rows.length > 1 ? `${rows.length}× ` : '';
    return {
      name: `${count}${shorten(operations, NAME - count.length - output.length - 1)} ${output}`,
      ms,
      share: ms / total,
      colour: seriesColour(shaders.indexOf(shader)),
      note: shader,
    };
  });
  const sorted = all.toSorted((a, b) => b.ms - a.ms);
  const rest = sorted.slice(BARS);
  const restMs = rest.reduce((sum, { ms }) => sum + ms, 0);
  const bars: Bar[] = [
    ...sorted.slice(0, BARS),
    ...(rest.length > 0
      ? [
          {
            name: `${rest.length} others`,
            ms: restMs,
            share: restMs / total,
            colour: 'var(--muted)',
            note: '',
          },
        ]
      : []),
  ];
  // Two labels may be cut to the same text; a row is known by its number.
  const rows = bars.map((bar, row) => ({ ...bar, row, us: 1e3 * bar.ms }));
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    document,
    className: CLASS,
    width: WIDTH,
    height: 48 + ROW * rows.length,
    marginLeft: 380,
    marginRight: 180,
    marginTop: 8,
    marginBottom: 40,
    style: STYLE,
    x: { domain: [0, Math.max(...rows.map(({ us }) => us))] },
    y: { domain: rows.map(({ row }) => row), padding: 0.25, axis: null },
    marks: [
      Plot.gridX({ stroke: 'var(--line)', strokeOpacity: 1, ticks: 6 }),
      Plot.axisX({ ...AXIS, label: 'µs in one step', labelAnchor: 'center', ticks: 6 }),
      Plot.barX(rows, { x: 'us', y: 'row', fill: 'colour' }),
      Plot.text(rows, { x: 0, y: 'row', text: 'name', textAnchor: 'end', dx: -8, fill: 'var(--ink)' }),
      Plot.text(rows, {
        x: 'us',
        y: 'row',
        text: ({ share, note }: Bar) => `${(100 * share).toFixed(1)} % ${note}`,
        textAnchor: 'start',
        dx: 6,
        fill: 'var(--muted)',
      }),
    ],
    color: { type: 'identity' },
  });
  return standalone(svg, 'Time by kernel', 'time-by-kernel');
}

/** Scratch memory over the dispatches of a program: slots above one another, and in them the values. Undefined without slots. */
export function memoryChart(program: Program, id: string): string | undefined {
  const { slots, lifetimes, planned, bound } = memoryOf(program);
  if (slots.length === 0) return undefined;
  const unit = planned >= 2e6 ? { name: 'MB', bytes: 1e6 } : { name: 'kB', bytes: 1e3 };
  const base = slots.map((_, k) => slots.slice(0, k).reduce((sum, bytes) => sum + bytes, 0) / unit.bytes);
  const end = program.dispatches.length;
  const values = lifetimes.map(({ slot, bytes, from, to, label }) => ({
    x1: from + 0.5,
    x2: Math.min(to, end) + 1.5,
    y1: base[slot] as number,
    y2: (base[slot] as number) + bytes / unit.bytes,
    colour: seriesColour(slot),
    title: `${label}: ${(bytes / unit.bytes).toFixed(1)} ${unit.name}, dispatches ${from + 1} to ${to + 1}`,
  }));
  const frames = slots.map((bytes, k) => ({
    x1: 0.5,
    x2: end + 0.5,
    y1: base[k] as number,
    y2: (base[k] as number) + bytes / unit.bytes,
  }));
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({
    document,
    className: CLASS,
    width: WIDTH,
    height: 380,
    marginLeft: 64,
    marginRight: 16,
    marginTop: 28,
    marginBottom: 40,
    style: STYLE,
    x: { domain: [0.5, end + 0.5 + Number(lifetimes.some(({ to }) => to >= end))] },
    y: { domain: [0, (1.04 * planned) / unit.bytes] },
    marks: [
      Plot.rect(frames, {
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        fill: 'var(--panel)',
        stroke: 'var(--line)',
      }),
      Plot.rect(values, {
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        fill: 'colour',
        fillOpacity: 0.55,
        stroke: 'var(--paper)',
        strokeWidth: 0.75,
        title: 'title',
      }),
      Plot.ruleY([bound / unit.bytes], { stroke: 'var(--ink)', strokeDasharray: '5,4', strokeWidth: 1.25 }),
      Plot.text([`lower bound`], {
        y: [bound / unit.bytes],
        frameAnchor: 'right',
        textAnchor: 'end',
        dx: -4,
        dy: 10,
        fill: 'var(--ink)',
        stroke: 'var(--paper)',
        strokeWidth: 4,
      }),
      Plot.axisX({
        ...AXIS,
        label: 'dispatch of the program',
        labelAnchor: 'center',
        ticks: Math.min(end, 20),
        tickFormat: 'd',
      }),
      Plot.axisY({ ...AXIS, label: `${unit.name} of scratch memory`, labelAnchor: 'top' }),
    ],
    color: { type: 'identity' },
  });
  return standalone(svg, 'Scratch memory over the dispatches', id);
}

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
