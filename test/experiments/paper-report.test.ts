import { describe, expect, it } from 'vitest';
import { cellsOf } from '../../experiments/noise-enhancement/paper/cells.ts';
import { paperExperiments } from '../../experiments/noise-enhancement/paper/experiments.ts';
import { table2, table3 } from '../../experiments/noise-enhancement/paper/published.ts';
import { drawFigure } from '../../experiments/node/figure.ts';
import type { ReportData, Section } from '../../experiments/report.ts';
import { renderTable } from '../../experiments/text-table.ts';
import type { Json, Manifest, PresetName, RunRecord } from '../../experiments/types.ts';
import { manifestOf } from './reports.ts';

const named = (name: string) => paperExperiments.find((each) => each.name === `noise-enhancement/${name}`)!;

const manifest = (name: string, preset: PresetName): Manifest =>
  manifestOf(`noise-enhancement/${name}`, named(name).presets[preset], { preset });

/** Records of all cells, as if the paper's claims were true; some runs are censored and one diverged. */
function recordsOf(name: string, preset: PresetName): readonly RunRecord[] {
  const experiment = named(name);
  return experiment.gather(
    cellsOf(experiment.presets[preset], 0, 'published').map((cell, k) => {
      const { alpha, batchSize, replica } = cell;
      const outcome = k === 5 ? 'diverged' : k % 7 === 3 ? 'censored' : 'converged';
      const result = {
        kind: 'result',
        name: 'run',
        testAccuracy:
          k === 5 ? null : 0.8 - 0.01 * Math.abs(Math.log(batchSize / (100 * alpha))) + replica / 1e4,
        steps: outcome === 'censored' ? cell.maxSteps : 400 * alpha + replica,
        outcome,
        converged: outcome === 'converged',
        stepCap: cell.maxSteps,
        parameters: 7,
        trainExamples: 500,
        testExamples: 100,
      } as const;
      return { cell, records: [{ kind: 'metric', name: 'evaluation', step: 1 } as const, result] };
    }),
  );
}

const report = (name: string, preset: PresetName, records: readonly RunRecord[]): ReportData =>
  named(name).report(records, manifest(name, preset));

const tableOf = (data: ReportData, heading: string): Section & { kind: 'table' } => {
  const found = data.sections.find((section) => section.heading === heading);
  if (found?.kind !== 'table') throw new Error(`no table ${heading}`);
  return found;
};

describe.each(['table2', 'table3', 'figure1', 'figure2', 'figure3'])('the report of %s', (name) => {
  const records = recordsOf(name, 'small');

  it('can be drawn from none, some and all of its records', () => {
    for (const count of [0, 1, 2, 7, records.length]) {
      const data = report(name, 'small', records.slice(0, count));
      const figures = data.sections.filter((section) => section.kind === 'figure');
      expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
      for (const section of data.sections) if (section.kind === 'table') renderTable(section, 100);
      for (const figure of figures) expect(drawFigure(figure)).toMatch(/^<svg /);
      expect(JSON.stringify(data)).not.toMatch(/NaN|undefined|Infinity/);
      expect(data.lead).toContain(`${count} of ${records.length} trainings came to their end`);
    }
  });

  it('says of every claim whether it holds, by which test, and why', () => {
    const { sections } = report(name, 'small', records);
    for (const letter of 'abcdef') {
      const texts = sections.filter(({ heading }) => heading?.startsWith(`(${letter}) `));
      expect(texts.length).toBe(1);
      expect((texts[0] as { text: string }).text).toMatch(
        /(F1|C1|C2): (holds|does not hold|cannot be decided)\. \S/,
      );
    }
  });

  it('says of the records of one run directory what it says of a sweep', () => {
    expect(named(name).report(records, { ...manifest(name, 'small'), config: {} }).sections).toEqual(
      report(name, 'small', records).sections,
    );
  });

  it('keeps measurements on the way out of the gathered records, and counts runs in its summary', () => {
    expect(records.every((record) => record.name === 'run')).toBe(true);
    expect((named(name).summary(records)['runs'] as Json[]).length).toBe(records.length);
    expect(named(name).isFinished(records)).toBe(true);
    expect(named(name).isFinished([])).toBe(false);
  });
});

describe('the tables', () => {
  it('show the published figures as they are printed, with nothing measured beside them', () => {
    const rows = tableOf(report('table2', 'paper', []), 'The best batch size of each α').rows;
    expect(
      rows.map((row) => [row['network'], row['alpha'], row['publishedSize'], row['publishedSteps']]),
    ).toEqual([
      ['F1', 1, 900, '10934 ± 816'],
      ['F1', 1.5, 2000, '7914 ± 528'],
      ['C1', 1, 100, '24500 ± 2775'],
      ['C1', 1.5, 200, '20825 ± 2113'],
      ['C1', 2, 300, '15932 ± 1870'],
      ['C1', 2.5, 500, '10040 ± 1153'],
      ['C2', 1, 600, '5292 ± 935'],
      ['C2', 1.5, 1000, '5175 ± 748'],
    ]);
    expect(rows.every((row) => row['accuracy'] === null && row['steps'] === null)).toBe(true);
    expect(table2.map(({ accuracy }) => [accuracy.mean, accuracy.deviation])).toEqual([
      [0.8805, 0.0018],
      [0.8869, 0.0011],
      [0.8877, 0.003],
      [0.8866, 0.0022],
      [0.9017, 0.0014],
      [0.9039, 0.0017],
      [0.614, 0.0054],
      [0.6175, 0.0048],
    ]);
    expect(
      table3.map(({ network, alpha, accuracy }) => [network, alpha, accuracy.mean, accuracy.deviation]),
    ).toEqual([
      ['F1', 3, 0.9035, 0.0005],
      ['C1', 10, 0.8826, 0.0023],
      ['C2', 5, 0.6153, 0.0035],
    ]);
  });

  it('stand beside what was measured at the best batch size', () => {
    const ofOne = recordsOf('table2', 'paper').filter(({ alpha }) => alpha === 2);
    const rows = tableOf(report('table2', 'paper', ofOne), 'The best batch size of each α').rows;
    const row = rows.find(({ network, alpha }) => network === 'C1' && alpha === 2)!;
    expect(row['size']).toBe(200);
    expect(row['accuracy']).toMatchObject({ value: expect.closeTo(0.80045, 6) as unknown });
  });

  it('say that steps with censored runs are a lower bound, and how many there are', () => {
    const { rows } = tableOf(report('table3', 'small', recordsOf('table3', 'small')), 'All trainings');
    const texts = rows.map(({ steps, runs }) => [steps as string, runs as string] as const);
    for (const [steps, converged] of texts) expect(steps.startsWith('≥')).toBe(converged !== '3 of 3');
    expect(texts.some(([, converged]) => converged.includes('1 diverged'))).toBe(true);
    expect(texts.some(([, converged]) => converged === '2 of 3')).toBe(true);
  });
});
