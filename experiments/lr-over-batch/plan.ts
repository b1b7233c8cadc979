/** How wrong configurations of these experiments are refused. */
import { fail } from '../../engine/graph/errors.ts';
import { check, natural, positive } from '../checks.ts';

/** @throws CONFIG for a name that has no plan */
export function planNamed<P>(what: string, plans: Readonly<Record<string, P>>, name: string): P {
  const plan = plans[name];
  if (plan === undefined)
    fail(
      'CONFIG',
      `${what}: there is no plan for '${name}': networks are of ${Object.keys(plans).join(', ')}.`,
    );
  return plan;
}

/** @throws CONFIG for a rate or a batch that makes no sense; `examples` 0 is not known */
export function checkPair(what: string, rate: number, batchSize: number, examples: number): void {
  check(what, positive(rate), `a learning rate of ${rate}: give a positive number`);
  check(
    what,
    natural(batchSize) && batchSize > 0 && (examples === 0 || batchSize <= examples),
    `a batch of ${batchSize}: give a positive integer${examples === 0 ? '' : ` of at most the ${examples} training examples`}`,
  );
}
