import { DOMParser } from 'linkedom';
import { expect, test } from 'vitest';
import { drawFigure } from '../../experiments/node/figure.ts';
import { renderPage } from '../../experiments/node/html.ts';
import { scaleOf } from '../../experiments/node/scales.ts';
import type { FigureSection, ReportData } from '../../experiments/report.ts';
import type { Manifest } from '../../experiments/types.ts';

const figure: FigureSection = {
  kind: 'figure',
  id: 'accuracy',
  heading: 'Accuracy "by" <batch>',
  caption: 'c',
  x: { label: 'batch & size', scale: 'log', ticks: [8, 64, 256] },
  y: { label: 'accuracy', percent: true },
  series: [
    { label: 'α < 1', points: [8, 64, 256].map((x) => ({ x, y: 0.9 - x / 5000, error: 0.01 })) },
    { label: 'α > 1', points: [8, 64, 256].map((x) => ({ x, y: 0.8 + x / 5000 })), style: 'line' },
  ],
  curves: [{ label: 'theory', points: [8, 256].map((x) => ({ x, y: 0.85 })) }],
  lines: [
    { axis: 'y', value: 0.82, label: 'published' },
    { axis: 'x', value: 100, label: 'B*' },
  ],
};

const manifest: Manifest = {
  schema: 1,
  run: 'x<y-1',
  experiment: 'x',
  preset: 'smoke',
  seed: 0,
  config: { rate: 0.1, net: { widths: [1, 2], name: '<b>' } },
  changes: ["net.name=<b>'s"],
  adapter: { backend: 'webgpu', name: '<i>GPU</i>', source: 'system driver' },
  dataset: { name: 'procedural', source: 'procedural', train: 10, test: 5, hashes: { train: 'ff' } },
  versions: { langevin: '0.1.0', node: '20', webgpu: '0.6.2' },
  status: 'complete',
  seconds: 61.2,
};

const page = (changes: Partial<Manifest> = {}, report: Partial<ReportData> = {}): string =>
  renderPage({
    report: { title: 'T', lead: 'L', sections: [figure], ...report },
    manifest: { ...manifest, ...changes },
    figures: new Map([[figure.id, drawFigure(figure)]]),
    notices: [],
  });

test('a figure is the same bytes however often and whatever else was drawn before', () => {
  const first = drawFigure(figure);
  drawFigure({ ...figure, id: 'other' });
  expect(drawFigure(figure)).toBe(first);
});

test('the figure is as it was reviewed', async () => {
  await expect(drawFigure(figure)).toMatchFileSnapshot('figures/accuracy.svg');
});

test('a figure is well-formed XML on its own, with both themes, and every label is text', () => {
  const svg = drawFigure(figure);
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml') as unknown as Document;
  const words = Array.from(document.querySelectorAll('text'), (text) => text.textContent);
  for (const word of [
    '8',
    '64',
    '256',
    'batch & size',
    '90 %',
    'α < 1',
    'α > 1',
    'theory',
    'published',
    'B*',
  ])
    expect(words).toContain(word);
  for (const [, value] of svg.matchAll(/="([^"]*)"/g)) expect(value).not.toMatch(/<|&(?!#?\w+;)/);
  expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
  expect(svg).toContain('prefers-color-scheme: dark');
});

test('a figure without any point says so', () => {
  expect(drawFigure({ ...figure, series: [], curves: [], lines: [] })).toContain('no data yet');
});

test('points that are not finite, or not positive on a logarithmic axis, are left out', () => {
  const points = [
    { x: 1, y: NaN },
    { x: Infinity, y: 1 },
    { x: 0, y: 1 },
    { x: 2, y: -1 },
    { x: 2, y: 3, error: 4 },
  ];
  const log = { label: '', scale: 'log' } as const;
  const svg = drawFigure({
    ...figure,
    x: log,
    y: log,
    series: [{ label: 'a', points }],
    curves: [],
    lines: [],
  });
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(svg.match(/aria-label="dot"/g)).toHaveLength(2); // the legend's and the one point's
});

test('a line is interrupted where a value is missing', () => {
  const points = [1, 0.5, NaN, 0.2, 0.1].map((y, x) => ({ x, y }));
  const series = [{ label: 'loss', style: 'line' as const, points }];
  const svg = drawFigure({ ...figure, x: { label: 'step' }, series, curves: [], lines: [] });
  const path = /aria-label="line"[^]*? d="([^"]*)"/.exec(svg)?.[1] ?? '';
  expect(path.match(/M/g)).toHaveLength(2);
});

test('two figures of one page share no clip path', () => {
  const ids = (id: string): string[] => drawFigure({ ...figure, id }).match(/id="[^"]+"/g) ?? [];
  expect(ids('a').length).toBeGreaterThan(0);
  expect(ids('a').filter((id) => ids('b').includes(id))).toEqual([]);
});

test.each([
  ['linear', 0.8, 0.9031, [0.8, 0.82, 0.84, 0.86, 0.88, 0.9]],
  ['linear', 0, 10_000, [0, 2000, 4000, 6000, 8000, 10_000]],
  ['linear', 1e-6, 3e-6, [1e-6, 1.5e-6, 2e-6, 2.5e-6, 3e-6]],
  ['log', 2.2, 2.31, [2.2, 2.22, 2.24, 2.26, 2.28, 2.3]],
  ['log', 0.5, 181, [0.5, 1, 2, 5, 10, 20, 50, 100]],
  ['log', 1e-6, 10, [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10]],
] as const)('a %s axis from %d to %d has round marks', (scale, low, high, marks) => {
  const points = [low, high].map((y, x) => ({ x, y }));
  const { ticks } = scaleOf(
    { ...figure, y: { label: '', scale }, series: [{ label: '', points }], curves: [], lines: [] },
    'y',
  );
  for (const mark of marks) expect(ticks).toContain(mark);
  expect(ticks.length).toBeLessThanOrEqual(12);
});

test('a logarithmic x axis over a few settings is marked at these', () => {
  const points = [32, 128, 500].map((x) => ({ x, y: 1 }));
  const ticksOf = (more: typeof points): readonly number[] =>
    scaleOf(
      {
        ...figure,
        x: { label: 'B', scale: 'log' },
        series: [{ label: '', points: [...points, ...more] }],
        curves: [],
        lines: [],
      },
      'x',
    ).ticks;
  expect(ticksOf([])).toEqual([32, 128, 500]);
  expect(ticksOf([{ x: 510, y: 1 }])).toEqual([50, 100, 200, 500]);
});

test('marks at settings are few round numbers, ratios as such; places that were measured have none', () => {
  const scaleAt = (places: readonly number[]): ReturnType<typeof scaleOf> =>
    scaleOf(
      {
        ...figure,
        x: { label: 'x', scale: 'log' },
        series: [{ label: '', points: places.map((x) => ({ x, y: 1 })) }],
        curves: [],
        lines: [],
      },
      'x',
    );
  const marks = (places: readonly number[]): string[] => {
    const { ticks, format } = scaleAt(places);
    return ticks.map(format);
  };
  expect(marks([1 / 256, 1 / 64, 1 / 32])).toEqual(['1/256', '1/64', '1/32']);
  expect(marks([0.5, 1, 1 / 1024])).toEqual(['1/1,024', '1/2', '1']);
  expect(marks([5e-4, 2.5e-3, 1e-2])).toEqual(['5×10⁻⁴', '0.0025', '0.01']);
  expect(marks([32, 4096, 49_152])).toEqual(['32', '4,096', '49,152']);
  expect(marks([13.2863, 71.397, 667.749])).toEqual(['20', '50', '100', '200', '500']);
});

test('curves of one figure differ in their dashes and ink, those of one label alike', () => {
  const curve = (label: string, y: number) => ({ label, points: [8, 256].map((x) => ({ x, y })) });
  const dashes = (labels: readonly string[]): string[] => {
    const curves = labels.map((label, k) => curve(label, 0.8 + k / 100));
    const svg = drawFigure({ ...figure, curves, lines: [] });
    return [...svg.matchAll(/stroke-dasharray="([^"]+)".* stroke="(var\(--\w+\))"/g)].map(
      ([, dash, ink]) => `${ink} ${dash}`,
    );
  };
  const [normal, stable] = dashes(['normal', 'SαS']);
  expect(normal).toBe('var(--muted) 5,4');
  expect(stable).toBe('var(--ink) 1.5,3');
  expect(new Set(dashes(['above', 'above'])).size).toBe(1);
});

test('text from experiments, configurations and adapters is escaped everywhere', () => {
  const text = '<script>alert(1)</script>';
  const html = page(
    { status: 'failed', error: { code: 'X', message: text } },
    {
      title: text,
      lead: text,
      sections: [
        { kind: 'text', heading: text, text },
        {
          kind: 'table',
          heading: text,
          caption: text,
          columns: [{ key: 'a', label: text }],
          rows: [{ a: text }],
        },
        { ...figure, heading: text, caption: text },
      ],
    },
  );
  expect(html).not.toContain('<script');
  expect(html).not.toContain('<i>');
  expect(html).not.toContain('<b>');
});

test('the page says of how many images the set is, of which a training may see fewer', () => {
  expect(page()).toContain('<dd>procedural, of 10 + 5 images</dd>');
});

test('a page fetches nothing and runs nothing', () => {
  expect(page()).not.toMatch(/<script|<link|@import|url\((?!#)|src=/);
});

test.each([
  ['interrupted', 'was stopped before its end'],
  ['running', 'ended without saying so'],
  ['failed', 'This run failed'],
] as const)('the page of a run that is %s says so at the top', (status, sentence) => {
  const html = page({ status });
  expect(html.indexOf(sentence)).toBeGreaterThan(0);
  expect(html.indexOf(sentence)).toBeLessThan(html.indexOf('<svg'));
});

test('the page gives the command that repeats the run, quoted for a shell', () => {
  const html = page();
  const command = `langevin run x --preset smoke --data procedural --seed 0 --set 'net.name=<b>'\\''s'`;
  const escaped = command.replace(/[<>'"&]/g, (c) => `&#${c.charCodeAt(0)};`);
  expect(html).toContain(escaped);
});
