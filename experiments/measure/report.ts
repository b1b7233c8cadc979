/** The report of a measurement: a function of its records. */
import type { ReportData, Section, TableSection } from '../report.ts';
import type { RunRecord } from '../types.ts';
import { find, findAll, text } from './records.ts';
import { curvatureSections } from './report-curvature.ts';
import { landscapeSections } from './report-landscape.ts';
import { noiseSections } from './report-noise.ts';

export function reportOf(records: readonly RunRecord[]): ReportData {
  const subject = find(records, 'subject');
  return {
    title: 'Noise and curvature of a training',
    lead: subject ? leadOf(subject) : 'Nothing is measured yet.',
    sections: [
      ...(subject ? [describe(subject)] : []),
      ...noiseSections(records),
      ...curvatureSections(records),
      ...landscapeSections(records),
      ...shortages(records),
    ],
  };
}

function leadOf({ label, step, units, unit, policy }: RunRecord): string {
  const what = unit === 'example' ? 'training examples' : 'ghost batches of training examples';
  return (
    `What single gradients scatter by, and how the loss curves, at step ${text(step)} of ${text(label)}: ` +
    `measured on ${text(units)} ${what}. Batch normalisation: ${text(policy)}.`
  );
}

function describe(subject: RunRecord): TableSection {
  const entries: [string, string][] = [
    ['training', text(subject['label'])],
    ['cell', text(subject['cell'])],
    ['step', text(subject['step'])],
    ['parameters', text(subject['parameters'])],
    ['examples', `${text(subject['examples'])} of ${text(subject['trainExamples'])}`],
    ['unit of the noise', `${text(subject['unit'])}, ${text(subject['units'])} of them`],
    ['batch normalisation', text(subject['policy'])],
    ['training batches', `B = ${text(subject['batchSize'])}, α = ${text(subject['alpha'])}`],
  ];
  return {
    kind: 'table',
    heading: 'What was measured',
    terminal: true,
    columns: [
      { key: 'name', label: 'of' },
      { key: 'value', label: 'is' },
    ],
    rows: entries.map(([name, value]) => ({ name, value })),
  };
}

function shortages(records: readonly RunRecord[]): Section[] {
  const found = findAll(records, 'microbatch-halved');
  if (found.length === 0) return [];
  return [
    {
      kind: 'text',
      heading: 'Memory',
      text: found
        .map(
          ({ during, before, after }) =>
            `Memory was short during ${text(during)}: ${text(before)} examples per pass became ${text(after)}.`,
        )
        .join(' '),
    },
  ];
}
