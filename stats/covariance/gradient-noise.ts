/**
 * The noise of a model's gradients in numbers: three passes over the data, in none of which a gradient of a single example is
 * formed. The first gives |g_μ|² of all units, the second their mean G, the third ⟨g_μ, G⟩ by one pushforward per piece.
 */
import { jvp, type Tensor, type Tree } from '../../engine/index.ts';
import { meanGradient } from '../curvature/gradient-operators.ts';
import { noiseScaleFromExamples, type SampleNoise } from '../curvature/noise-scale.ts';
import { gradientDiversity, type GradientDiversity } from '../per-example/cosines.ts';
import { eachPiece, measure, readRows, type MeasurementRecord } from '../per-example/pass.ts';
import { perExampleSquaredNorms, type SquaredNorms } from '../per-example/squared-norms.ts';
import { ofUnits, unitPoint, type GradientPoint } from '../per-example/units.ts';

export interface GradientNoise extends MeasurementRecord {
  readonly meanLoss: number;
  /** Of the units measured, which is no estimate: tr C with the divisor N, and |G|². */
  readonly traceOverN: number;
  readonly squaredNormOfMean: number;
  /** tr C / |G|² and its parts of the population that the units are a sample of, with standard errors; in units. */
  readonly scale: SampleNoise;
  readonly diversity: GradientDiversity;
  /** ⟨g_μ, G⟩ / (|g_μ| |G|) of every unit; 0 where one of the two is 0. */
  readonly cosinesWithMean: Float64Array;
  /** |g_μ|², in full. */
  readonly norms: SquaredNorms;
}

export interface GradientNoiseOptions {
  /**
   * Of how many units those measured are a sample, drawn without replacement. Default Infinity: a distribution. With the number
   * of units measured, `scale` is of this very set, and without error.
   */
  readonly population?: number;
}

/** @throws COUNT for fewer than three units, or more than the population; what `perExampleSquaredNorms` throws */
export async function measureGradientNoise<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  options: GradientNoiseOptions = {},
): Promise<GradientNoise> {
  const norms = await perExampleSquaredNorms(point);
  const { loss, gradient } = await meanGradient(unitPoint(point));
  const { derivatives, record } = await derivativesAlong(point, gradient);
  loss.dispose();
  gradient.dispose();
  const { count, whole } = norms;
  const scale = noiseScaleFromExamples({ squaredNorms: whole, products: derivatives }, options);
  const { traceOverN, squaredMean } = scale;
  const length = Math.sqrt(Math.max(0, squaredMean));
  return {
    ...record,
    microbatch: Math.min(record.microbatch, norms.microbatch),
    halvings: Math.max(record.halvings, norms.halvings),
    meanLoss: norms.losses.reduce((sum, value) => sum + value, 0) / count,
    traceOverN,
    squaredNormOfMean: squaredMean,
    scale,
    diversity: gradientDiversity(count, traceOverN + squaredMean, squaredMean),
    cosinesWithMean: derivatives.map((d, mu) => {
      const size = Math.sqrt(whole[mu]!) * length;
      return size === 0 ? 0 : d / size;
    }),
    norms,
  };
}

/** ⟨g_μ, v⟩ of every unit, for v [n] in the chosen coordinates: about the cost of two forward passes. */
export async function derivativesAlong<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  v: Tensor,
): Promise<{ readonly derivatives: Float64Array; readonly record: MeasurementRecord }> {
  const { result, record } = await measure(point, async (units, size) => {
    const { join, split } = units.coordinates;
    const values = new Float64Array(units.count);
    await eachPiece(
      units,
      size,
      (at, fixed, mapped, common, direction: Tensor) => {
        const losses = (chosen: readonly Tensor[]): Tensor =>
          ofUnits((own, all) => units.loss(join(chosen, fixed), own, all))(mapped, common);
        return jvp(losses, [at], [split(direction)])[1];
      },
      () => v,
      async (derivatives, piece) =>
        values.set(
          await readRows(derivatives, ['The derivative along a direction'], piece, units),
          piece.first,
        ),
    );
    return values;
  });
  return { derivatives: result, record };
}
