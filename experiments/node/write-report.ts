/** The report of a run, from its manifest and records, into a directory. */
import { join } from 'node:path';
import { fail } from '../../engine/graph/errors.ts';
import type { FigureSection, ReportData } from '../report.ts';
import type { Experiment } from '../types.ts';
import { drawFigure } from './figure.ts';
import { renderPage } from './html.ts';
import type { StoredRun } from './read-run.ts';
import { REPORT } from './run-directory.ts';
import { writeRunFile } from './write.ts';

export interface WrittenReport {
  readonly data: ReportData;
  /** The path of the page. */
  readonly path: string;
}

/** Writes report.html and one SVG per figure. The same run gives the same bytes. */
export async function writeReport(
  experiment: Experiment,
  { manifest, records, notices, origin }: StoredRun,
  directory: string,
): Promise<WrittenReport> {
  const data = experiment.report(records, manifest);
  const figures = new Map<string, string>();
  for (const figure of data.sections.filter(
    (section): section is FigureSection => section.kind === 'figure',
  )) {
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(figure.id) || figures.has(figure.id))
      fail(
        'REPORT',
        `The report of ${experiment.name} has a figure '${figure.id}': ids are lower-case words and hyphens, each once.`,
      );
    figures.set(figure.id, drawFigure(figure));
  }
  for (const [id, svg] of figures) await writeRunFile(join(directory, `${id}.svg`), svg);
  const path = join(directory, REPORT);
  await writeRunFile(
    path,
    renderPage({ report: data, manifest, figures, notices, ...(origin && { origin }) }),
  );
  return { data, path };
}
