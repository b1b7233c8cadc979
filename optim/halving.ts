/**
 * When to halve the learning rate and when to stop, from the training loss alone (NE, section 1.2): the rate is
 * halved once, when the loss first reaches L*; training has converged when the loss is below L**; a run that has
 * not by `maxSteps` is censored, which the reports say. A pure state machine: give it what was measured, in order.
 */

export interface HalvingRule {
  /** L*: the rate is halved, once, at the first loss not above it; null never halves. */
  readonly halveAt: number | null;
  /** L**: the run has converged at the first loss below it; null never stops before `maxSteps`. */
  readonly stopBelow: number | null;
  readonly maxSteps: number;
}

export interface HalvingState {
  /** `censored`: `maxSteps` came first; without L** that is how every run ends, and is called `finished`. */
  readonly phase: 'running' | 'converged' | 'censored' | 'finished';
  /** Optimizer steps made when the rate was halved, or null. */
  readonly halvedAt: number | null;
  /** Optimizer steps made when the run ended, or null: the convergence time, if it converged. */
  readonly endedAt: number | null;
}

/** Before anything was measured. */
export const initialHalving: HalvingState = { phase: 'running', halvedAt: null, endedAt: null };

/**
 * The state after `loss` was measured with `step` optimizer steps made. A run that has ended stays as it is. A loss
 * that is not a number decides nothing.
 */
export function observeLoss(
  rule: HalvingRule,
  state: HalvingState,
  step: number,
  loss: number,
): HalvingState {
  if (state.phase !== 'running') return state;
  const { halveAt, stopBelow, maxSteps } = rule;
  if (stopBelow !== null && loss < stopBelow) return { ...state, phase: 'converged', endedAt: step };
  if (step >= maxSteps)
    return { ...state, phase: stopBelow === null ? 'finished' : 'censored', endedAt: step };
  if (state.halvedAt === null && halveAt !== null && loss <= halveAt) return { ...state, halvedAt: step };
  return state;
}

/** What the initial learning rate is multiplied by: ½ once halved. */
export function learningRateFactor(state: HalvingState): number {
  return state.halvedAt === null ? 1 : 0.5;
}
