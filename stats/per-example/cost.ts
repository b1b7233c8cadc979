/**
 * Two ways to the squared length of a gradient that is a sum of outer products, M = Σ_t a_t b_tᵀ over T positions, with a_t of
 * p and b_t of d numbers: the rows of a dense layer's batch, or the places of a filter.
 *
 *   materialised   form M, then |M|²                                  p d T + p d  multiply-adds,  p d numbers in memory
 *   Gram           |M|² = Σ_{t,t'} (a_t · a_t') (b_t · b_t')          T² (p + d) + T²,             2 T²
 *
 * The second never forms the gradient, and for one position is |a|² |b|². For a convolution a_t is the patch under the filter,
 * which the first way reads in place and the second has to copy: p T moves. This file is the only place that weighs them; for
 * all pairs of B units the same products are between units, so the costs are per pair.
 *
 * The choice changes no number but by rounding. That of the Gram form is relative to (Σ_t |a_t| |b_t|)², so where positions
 * cancel to a small M it is the less exact one.
 */
export interface ProductSizes {
  /** T. */
  readonly positions: number;
  /** p and d. */
  readonly rows: number;
  readonly columns: number;
  /** Such products side by side, as in a convolution of several groups. */
  readonly groups: number;
  /** Whether the left factors are patches. */
  readonly patches: boolean;
}

export type GradientForm = 'gram' | 'materialised';

/** Multiply-adds (and moves) for |M|² of one unit. */
export function normCost(
  { positions, rows, columns, groups, patches }: ProductSizes,
  form: GradientForm,
): number {
  const area = rows * columns;
  if (form === 'materialised') return groups * area * (positions + 1);
  if (positions === 1) return groups * (rows + columns);
  return groups * (positions ** 2 * (rows + columns + 1) + (patches ? positions * rows : 0));
}

/** The same for ⟨M_μ, M_ν⟩ of one pair out of `units`², with what the units cost shared among their pairs. */
export function pairCost(sizes: ProductSizes, form: GradientForm, units: number): number {
  const { positions, rows, columns, groups, patches } = sizes;
  if (form === 'materialised') return groups * rows * columns * (1 + positions / units);
  return groups * (positions ** 2 * (rows + columns + 1) + (patches ? (positions * rows) / units : 0));
}

/** The cheaper form by a cost of the above. */
export function cheaperForm(cost: (form: GradientForm) => number): GradientForm {
  return cost('gram') < cost('materialised') ? 'gram' : 'materialised';
}
