/** Every report of trainings says which of them diverged, since means and claims are of those that did not. */
import type { ReportData, TableSection } from '../report.ts';
import type { Marks, Trained } from './grid-of-trainings.ts';

/** Where more diverged, the first of them stand for the rest. */
const LISTED = 10;

/** The report, with a sentence in its lead and a table at its end where a training diverged; else unchanged. */
export function withDiverged(report: ReportData, trainings: readonly Trained[]): ReportData {
  const ended = trainings.filter(({ result }) => result !== undefined).length;
  const diverged = trainings.filter(({ result }) => result?.outcome === 'diverged');
  if (diverged.length === 0) return report;
  const sentence = `${diverged.length} of ${ended} trainings diverged`;
  const table: TableSection = {
    kind: 'table',
    heading: sentence,
    caption:
      `Steps made before a loss, a parameter or a measurement was not finite; the records say what it was.` +
      (diverged.length > LISTED ? ` The first ${LISTED}.` : ''),
    columns: [
      { key: 'training', label: 'training' },
      { key: 'steps', label: 'steps', format: 'integer' },
    ],
    rows: diverged.slice(0, LISTED).map(({ marks, result }) => ({
      training: describe(marks),
      steps: result?.steps ?? null,
    })),
    terminal: true,
  };
  return { ...report, lead: `${report.lead} ${sentence}.`, sections: [...report.sections, table] };
}

/** `network MLP, rate 0.1, initialisation 2`. */
function describe(marks: Marks): string {
  return Object.entries(marks)
    .map(([name, value]) =>
      name === 'replica' ? `initialisation ${Number(value) + 1}` : `${name} ${value ?? 'none'}`,
    )
    .join(', ');
}
