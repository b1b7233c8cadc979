/**
 * The matrix of all inner products of gradients, K_μν = ⟨g_μ, g_ν⟩, [N, N]: what cosines, diversity and, for few units, the
 * spectrum of their covariance can be read off. With a weight's factors, g_μ = Σ_t a_μt b_μtᵀ,
 *
 *   ⟨g_μ, g_ν⟩ = Σ_{t,t'} (a_μt · a_νt') (b_μt · b_νt')
 *
 * so for a dense layer it is two matrix products of B rows, multiplied element by element. Other weights are formed, where that
 * is cheaper.
 *
 * A data set of n pieces takes n(n + 1)/2 passes over a piece, since the memory holds two at a time: for a few thousand units.
 */
import {
  flatten,
  jit,
  matmul,
  mul,
  reshape,
  sum,
  transpose,
  add,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import { usesOf } from '../../engine/autodiff/uses.ts';
import { fail } from '../../engine/graph/errors.ts';
import { cheaperForm, pairCost, type GradientForm } from './cost.ts';
import { factorsOf, sizesOfFactors } from './factors.ts';
import { measure, plural, type MeasurementRecord } from './pass.ts';
import { perExampleSquaredNorms } from './squared-norms.ts';
import { ofUnits, type GradientPoint } from './units.ts';

export interface GradientGram extends MeasurementRecord {
  /** K, [count, count] row-major, symmetric. */
  readonly gram: Float64Array;
}

export interface GramOptions {
  /** Default: the cheaper one, weight by weight. */
  readonly form?: GradientForm;
}

/** A leaf's gradients of all units of a piece: factors [units, groups, T, p] and [units, groups, T, d], or rows [units, n]. */
type Part = { readonly left: Tensor; readonly right: Tensor } | { readonly rows: Tensor };

/** @throws NON_FINITE, naming the unit and the tensor; what `perExampleSquaredNorms` throws */
export async function gradientGram<P extends Tree, B extends Tree>(
  point: GradientPoint<P, B>,
  { form }: GramOptions = {},
): Promise<GradientGram> {
  const { result, record } = await measure(point, async (units, size) => {
    const { chosen, fixed, join } = units.coordinates;
    type Leaves = readonly Tensor[];
    const step = jit((at: Leaves, others: Leaves, mapped: Leaves, common: Leaves): readonly Part[] =>
      ofUnits((own, all): readonly Part[] => {
        const { gradient, uses } = usesOf((some: Leaves) => units.loss(join(some, others), own, all), at);
        return gradient.map((leaf, k) => {
          const factors = factorsOf(uses.filter((use) => use.leaf === k));
          if (!factors) return { rows: flatten(leaf) };
          const chosenForm = form ?? cheaperForm((f) => pairCost(sizesOfFactors(factors), f, size));
          return chosenForm === 'gram'
            ? { left: factors.left, right: factors.right }
            : { rows: flatten(leaf) };
        });
      })(mapped, common),
    );
    const multiply = jit((a: readonly Part[], b: readonly Part[]): Tensor =>
      a.map((part, k) => products(part, b[k] as Part)).reduce((x, y) => add(x, y)),
    );
    const gram = new Float64Array(units.count ** 2);
    let seen = 0;
    try {
      for (const rows of units.pieces(size)) {
        const a = step(chosen, fixed, rows.mapped, rows.common);
        for (const columns of units.pieces(size)) {
          if (columns.first < rows.first) continue;
          const b = columns.first === rows.first ? a : step(chosen, fixed, columns.mapped, columns.common);
          const block = multiply(a, b);
          const values = await block.data();
          block.dispose();
          if (b !== a) disposeAll(b);
          for (let i = 0; i < rows.count; i++)
            for (let j = 0; j < columns.count; j++) {
              const [mu, nu, value] = [rows.first + i, columns.first + j, values[i * columns.count + j]!];
              if (mu < units.count && nu < units.count)
                gram[mu * units.count + nu] = gram[nu * units.count + mu] = value;
            }
        }
        disposeAll(a);
        seen += rows.count;
      }
    } finally {
      step.dispose();
      multiply.dispose();
    }
    if (seen !== units.count)
      fail(
        'EXAMPLE_COUNT',
        `The data held ${seen} ${plural(units.unit)}, and ${units.count} were announced: let the pieces hold every example once.`,
      );
    return gram;
  });
  const at = result.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    // Which tensor of which unit it was, this knows.
    await perExampleSquaredNorms(point);
    const [mu, nu] = [Math.floor(at / record.count), at % record.count];
    fail(
      'NON_FINITE',
      `The product of the gradients of ${plural(record.unit)} ${mu} and ${nu} is ${result[at]}.`,
    );
  }
  return { ...record, gram: result };
}

/** [units of a, units of b] */
function products(a: Part, b: Part): Tensor {
  if ('rows' in a && 'rows' in b) return matmul(a.rows, b.rows, { transposeB: true });
  const side = (of: 'left' | 'right'): Tensor => {
    const [x, y] = [a, b].map((part) => inGroups((part as { left: Tensor; right: Tensor })[of]));
    return matmul(x as Tensor, y as Tensor, { transposeB: true });
  };
  const positions = ({ left }: { readonly left: Tensor }): readonly number[] => [
    left.shape[0] as number,
    left.shape[2] as number,
  ];
  const joint = mul(side('left'), side('right'));
  const [one, other] = [a, b].map((part) => positions(part as { left: Tensor }));
  return sum(reshape(joint, [joint.shape[0] as number, ...(one ?? []), ...(other ?? [])]), [0, 2, 4]);
}

/** [units, groups, T, p] as [groups, units·T, p] */
function inGroups(x: Tensor): Tensor {
  const [units, groups, positions, width] = x.shape as readonly [number, number, number, number];
  return reshape(transpose(x, [1, 0, 2, 3]), [groups, units * positions, width]);
}

function disposeAll(parts: readonly Part[]): void {
  for (const part of parts) for (const x of Object.values(part)) x.dispose();
}
