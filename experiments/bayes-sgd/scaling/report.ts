/** The reports of figures 3 to 8: the figure, what was expected beside what was measured, the claims, and all trainings. */
import { capital, claimSections, type DecidedClaim } from '../../claims.ts';
import type { ReportData, Section } from '../../report.ts';
import type { Trained } from '../../training/grid-of-trainings.ts';
import type { Manifest } from '../../types.ts';
import { scalingCells, type ScalingMarks } from './cells.ts';
import type { Evidence, ScalingClaim } from './claims.ts';
import type { ScalingConfig } from './config.ts';
import { accuracyFigure, lawFigure, trajectoryFigures } from './figures.ts';
import type { Variable } from './law.ts';
import { runsOf, seriesOf } from './records.ts';
import { batchSizeTable, bestTable, gapTable, gridTable, slopeTable, trajectoryTable } from './tables.ts';

/** What a report shows first. */
export type Shown = 'trajectories' | 'over batch size' | Variable;

export interface Presentation {
  readonly title: string;
  /** The question, as the first sentence. */
  readonly question: string;
  readonly shown: Shown;
  readonly claims: readonly ScalingClaim[];
}

export function scalingReport(
  { title, question, shown, claims }: Presentation,
  trainings: readonly Trained<ScalingMarks>[],
  manifest: Manifest,
): ReportData {
  const config = manifest.config as unknown as Partial<ScalingConfig>;
  const evidence: Evidence = { series: seriesOf(runsOf(trainings)), config };
  return {
    title,
    lead: leadOf(question, trainings, manifest),
    sections:
      evidence.series.length === 0
        ? []
        : [
            ...firstSections(shown, evidence, manifest),
            ...claimSections(decided(claims, evidence), undefined, TESTS),
            gridTable(evidence.series),
          ],
  };
}

function firstSections(shown: Shown, { series, config }: Evidence, { preset }: Manifest): Section[] {
  if (shown === 'trajectories')
    return [...trajectoryFigures(series), trajectoryTable(series, preset), gapTable(series, preset)];
  if (shown === 'over batch size')
    return [accuracyFigure(series.slice(0, 1)), batchSizeTable(series, config)];
  return [
    accuracyFigure(series, shown),
    lawFigure(series, shown),
    bestTable(series, shown, preset, config),
    slopeTable(series, shown, config),
  ];
}

function leadOf(
  question: string,
  trainings: readonly Trained<ScalingMarks>[],
  { preset, dataset, seed, config }: Manifest,
): string {
  const planned = plannedCells(config, seed);
  const over = trainings.filter(({ result }) => result !== undefined).length;
  const { lossDivisor, hidden } = config as unknown as Partial<ScalingConfig>;
  return (
    `${question} SGD with momentum on a network with one hidden layer${hidden ? ` of ${hidden.join(', ')} units` : ''}. ` +
    `Preset ${preset}, ${dataset.name}, seed ${seed}; ${over}${planned === undefined ? '' : ` of ${planned}`} trainings came to their end. ` +
    (lossDivisor === undefined || lossDivisor === 1
      ? ''
      : `ε is as printed. The loss is the mean cross-entropy divided by ${lossDivisor}: with the mean itself ε = 1 does not train, so the published loss must have been a mean over the 10 classes too. `) +
    'Regularisation is λ|w|²/2 beside the sum of the losses. Appendix B of the paper says that its section 4 had λ = 0.1, section 4 that it had none; here section 4 has none. ' +
    (preset === 'paper'
      ? ''
      : 'The network or the grid is smaller than the published one; what can be compared are orders and slopes.')
  );
}

/** How many trainings the configuration has, if it is one. */
function plannedCells(config: Manifest['config'], seed: number): number | undefined {
  if (typeof config !== 'object' || config === null || !('series' in config)) return undefined;
  return scalingCells(config as unknown as ScalingConfig, seed, 'published').length;
}

const TESTS =
  'Orders at the level 0.05 by the permutation test of Jonckheere and Terpstra, of which that of Mann and Whitney is the case of two groups.';

function decided(claims: readonly ScalingClaim[], evidence: Evidence): DecidedClaim[] {
  return claims.map((claim) => ({ ...claim, statement: capital(claim.short), ...claim.decide(evidence) }));
}
