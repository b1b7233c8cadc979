/** The measurement of HT-1 and HT-3: both laws fitted to the noise of every sampled parameter, beside controls. */
import { foldInWords, seedWords } from '../../../engine/random/threefry.ts';
import { tree } from '../../../engine/index.ts';
import { compareTails, layerOfPath, stableStream, type TailComparison } from '../../../stats/index.ts';
import type { Measurement } from '../../training/measurement.ts';
import { replicaSeed } from '../../training/problem.ts';
import type { Json, RunRecord } from '../../types.ts';
import { comparisonOf, histogramRecord } from '../histogram.ts';
import { noiseSource, notesOf, type Sampling } from './rows.ts';

/** A type, so that it is plain data. */
export type FitOptions = Sampling & {
  /** B of the noise. */
  readonly batchSizes: readonly number[];
  /** Samples of a normal law, and of the stable law with the mean α̂ found, that are fitted likewise for every B. */
  readonly controls: number;
  /** Layers of which one parameter's histogram is kept, at the first B. */
  readonly histograms: number;
};

/** Streams of the seed. */
const [NORMAL, ALIKE] = [17, 18];

/**
 * Yields, for every B,
 *   result `sample`     what was looked at
 *   result `fit`        of each parameter, and of each normal control under the path `control`
 *   event `constant`    a parameter half of whose noise is one value
 *   result `alike`      of each sample of the stable law with the mean α̂
 *   result `histogram`  for the first B, of one parameter in each of the first layers
 */
export const measureFits: Measurement = async function* (point, given) {
  const { batchSizes, controls, histograms, ...sampling } = given as FitOptions;
  const source = noiseSource(point, sampling);
  const note = notesOf(point);
  const seed = replicaSeed(point.seed, point.spec.replica);
  for (const [place, batchSize] of batchSizes.entries()) {
    const found = await source.at(batchSize);
    if (!found || point.signal.aborted) return;
    const { parameters, samples, dead } = found;
    const labels = { batchSize, samples };
    yield {
      kind: 'result',
      name: 'sample',
      ...labels,
      unit: source.unit,
      parameters: parameters.length,
      dead,
    };
    // In the order of the network, those of which a parameter was drawn.
    const layers = [...new Set(tree.paths(point.params).map(({ path }) => layerOfPath(path)))].filter(
      (layer) => parameters.some(({ path }) => layerOfPath(path) === layer),
    );
    const shown = new Set(place === 0 ? layers.slice(0, histograms) : []);
    const alphas: number[] = [];
    for (const [k, { path, index, noise }] of parameters.entries()) {
      note(k, parameters.length, `fits at B ${batchSize}`);
      const comparison = comparisonOf(noise);
      if (!comparison) {
        yield { kind: 'event', name: 'constant', ...labels, path, index };
        continue;
      }
      alphas.push(comparison.stable.alpha);
      yield fitRecord('fit', comparison, { ...labels, path, index });
      const layer = layerOfPath(path);
      if (shown.delete(layer)) yield histogramRecord(noise, comparison, { ...labels, layer, path, index });
    }
    const mean = alphas.reduce((sum, alpha) => sum + alpha, 0) / alphas.length;
    const drawn = (stream: number, alpha: number, control: number): TailComparison => {
      const key = foldInWords(foldInWords(foldInWords(seedWords(seed), stream), batchSize), control);
      const law = stableStream(key, alpha);
      return compareTails(Float64Array.from({ length: samples }, (_, k) => law(k)));
    };
    for (let control = 0; control < controls; control++) {
      yield fitRecord('fit', drawn(NORMAL, 2, control), { ...labels, path: 'control', index: control });
      if (alphas.length > 0)
        yield fitRecord('alike', drawn(ALIKE, mean, control), { ...labels, law: mean, index: control });
    }
  }
};

function fitRecord(
  name: 'fit' | 'alike',
  { normal, stable }: TailComparison,
  labels: Readonly<Record<string, Json>>,
): RunRecord {
  return {
    kind: 'result',
    name,
    ...labels,
    alpha: stable.alpha,
    alphaError: stable.alphaError,
    scale: stable.scale,
    normalSse: normal.sumOfSquares,
    stableSse: stable.sumOfSquares,
    normalChi: normal.chiSquare,
    stableChi: stable.chiSquare,
  };
}
