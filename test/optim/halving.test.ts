import { describe, expect, it } from 'vitest';
import { initialHalving, learningRateFactor, observeLoss, type HalvingRule } from '../../optim/index.ts';

function follow(rule: HalvingRule, losses: number[], every = 10) {
  return losses.reduce((state, loss, k) => observeLoss(rule, state, (k + 1) * every, loss), initialHalving);
}

describe('halving at L* and stopping at L**', () => {
  const rule = { halveAt: 0.01, stopBelow: 0.001, maxSteps: 1000 };

  it('halves once, when the loss first reaches L*, and stops at the first loss below L**', () => {
    const losses = [1, 0.5, 0.02, 0.01, 0.03, 0.004, 0.001, 0.0009, 0.5];
    const state = follow(rule, losses);
    expect(state).toEqual({ phase: 'converged', halvedAt: 40, endedAt: 80 });
    expect(learningRateFactor(state)).toBe(0.5);
    expect(learningRateFactor(follow(rule, losses.slice(0, 3)))).toBe(1);
  });

  it('censors a run that reaches its cap first', () => {
    expect(follow({ ...rule, maxSteps: 30 }, [1, 0.5, 0.2, 0.0001])).toEqual({
      phase: 'censored',
      halvedAt: null,
      endedAt: 30,
    });
  });

  it('counts a loss below L** at the cap as converged', () => {
    expect(follow({ ...rule, maxSteps: 30 }, [1, 0.5, 0.0001]).phase).toBe('converged');
  });

  it('without thresholds runs to the cap and calls it finished', () => {
    const state = follow({ halveAt: null, stopBelow: null, maxSteps: 20 }, [0, 0, 0]);
    expect(state).toEqual({ phase: 'finished', halvedAt: null, endedAt: 20 });
  });

  it('decides nothing on a loss that is not a number', () => {
    expect(follow(rule, [Number.NaN, Number.NaN])).toEqual(initialHalving);
  });
});
