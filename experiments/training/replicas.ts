/**
 * Several trainings as one program. Replicas are trainings whose steps are the same function: they differ in initial
 * values, minibatches and learning rate. Each follows its own course and does not know of the others; what it asks of its
 * seat waits until every one that is still training has asked. Then the states, which lie stacked along a first axis,
 * make their steps together (`vmap`), and each goes on. Examples, initial values and rates are exactly those of a training
 * by itself, and so are its results but for the rounding of sums in another order.
 *
 * One that waits at another place than the rest, measuring or with a batch of another size, is frozen by a mask meanwhile.
 * When half of the rows belong to trainings that have ended, the others move together.
 */
import {
  cast,
  jit,
  tensor,
  tree,
  vmap,
  where,
  type HostArray,
  type Jitted,
  type Tensor,
  type Tree,
} from '../../engine/index.ts';
import type { ResidentTensors } from '../../data/resident.ts';
import { withLearningRate } from '../../optim/index.ts';
import type { Evaluation, Evaluators } from './evaluation.ts';
import type { State } from './problem.ts';
import { aloneSeat, evaluateOne, type Evaluated, type Seat, type StepRequest, type Wanted } from './seat.ts';
import { joinRows, readTree, rowOfTree, rowsOfTree, stackTrees } from './stacking.ts';
import type { Advanced, TrainingState, TrainingStep } from './step.ts';

/** A training's place among its replicas. */
export interface Member {
  /**
   * What all of them use under this name: made for the first that asks, and disposed of when the last has left.
   */
  share<T extends { dispose(): void }>(name: string, make: () => T): T;
  /** Takes over the state. */
  enter(state: TrainingState): Promise<Seat>;
  /** The training has ended, whatever the end was; to be called in any case, since the others wait. Safe to call again. */
  leave(): void;
}

/** The place of a training by itself. */
export function alone(): Member {
  const shared = new Map<string, { dispose(): void }>();
  return {
    share: shareIn(shared),
    enter: (state) => Promise.resolve(aloneSeat(state)),
    leave: () => disposeAll(shared),
  };
}

type Settle<T> = { resolve(value: T): void; reject(error: unknown): void };

type Asked =
  | ({ readonly kind: 'enter'; readonly state: TrainingState } & Settle<Seat>)
  | ({ readonly kind: 'step'; readonly request: StepRequest } & Settle<void>)
  | ({
      readonly kind: 'evaluate';
      readonly evaluators: Evaluators;
      readonly wanted: Wanted;
    } & Settle<Evaluated>);

type StepAll = Jitted<[TrainingState, readonly Tensor[], ResidentTensors, ...Tensor[]], Advanced>;

/** Places for `count` replicas. All must enter or leave. */
export function replicas(count: number): Member[] {
  const shared = new Map<string, { dispose(): void }>();
  const live = new Set(Array.from({ length: count }, (_, k) => k));
  const asked = new Map<number, Asked>();
  /** Which member has each row. */
  let rows: number[] = [];
  let state: TrainingState | undefined;
  let failedAt: Tensor | undefined;
  /** Of all rows, read at most once after a step. */
  let looks: Promise<ArrayLike<number>> | undefined;
  let sums: Promise<void> | undefined;
  let lastSums: readonly number[] = [];
  const taken = new Set<number>();
  /** All leaves of the state on the host, read at most once after a step. */
  let copies: Promise<readonly HostArray[]> | undefined;
  const rates = new Map<number, number>();
  let ratesChanged = true;
  let busy = false;
  let broken: { readonly error: unknown } | undefined;
  const programs = new Map<TrainingStep, StepAll>();
  const steps: TrainingStep[] = [];
  /** Names what can be made together: one function, on inputs of the same sizes. */
  const programOf = ({ step, inputs }: StepRequest): string => {
    if (!steps.includes(step)) steps.push(step);
    return [steps.indexOf(step), ...inputs.map(({ length }) => length)].join();
  };

  const current = (): TrainingState => {
    let known = state as TrainingState;
    if (taken.size > 0) {
      // Summing begins anew in the rows whose sums were taken.
      lastSums = rows.map((member, row) => (taken.has(member) ? 0 : (lastSums[row] as number)));
      known = { ...known, lossSum: tensor(lastSums) };
      taken.clear();
      sums = copies = undefined;
      state = known;
    }
    return known;
  };

  const forget = (): void => {
    looks = sums = copies = undefined;
    failedAt?.dispose();
    failedAt = undefined;
  };

  const ask = <T>(member: number, make: (settle: Settle<T>) => Asked): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (broken) return reject(broken.error);
      asked.set(member, make({ resolve, reject }));
      void pump();
    });

  const pump = async (): Promise<void> => {
    if (busy || live.size === 0 || asked.size < live.size) return;
    busy = true;
    const answers: (() => void)[] = [];
    try {
      await compact();
      await answer(answers);
    } catch (error) {
      broken = { error };
      for (const each of asked.values()) each.reject(error);
      asked.clear();
    }
    busy = false;
    answers.forEach((each) => each());
    void pump();
  };

  const answer = async (answers: (() => void)[]): Promise<void> => {
    const all = [...asked];
    const entering = all.flatMap(([member, each]) => (each.kind === 'enter' ? [{ member, each }] : []));
    const evaluating = all.flatMap(([member, each]) => (each.kind === 'evaluate' ? [{ member, each }] : []));
    const done = (member: number, resolve: () => void): void => {
      asked.delete(member);
      answers.push(resolve);
    };
    if (entering.length > 0) {
      rows = entering.map(({ member }) => member);
      const states = entering.map(({ each }) => each.state);
      state = await stackTrees(states);
      states.forEach(dispose);
      for (const { member, each } of entering) done(member, () => each.resolve(seatOf(member)));
    } else if (evaluating.length > 0) {
      const found = await evaluateRows(evaluating.map(({ member, each }) => ({ ...each, member })));
      evaluating.forEach(({ member, each }, k) => done(member, () => each.resolve(found[k] as Evaluated)));
    } else {
      forget();
      const requests = new Map(
        all.flatMap(([member, each]) => (each.kind === 'step' ? [[member, each.request] as const] : [])),
      );
      for (const program of new Set([...requests.values()].map(programOf)))
        stepRows(
          rows.map((member) => {
            const request = requests.get(member);
            return request && programOf(request) === program ? request : undefined;
          }),
        );
      for (const [member, each] of all) if (each.kind === 'step') done(member, () => each.resolve());
    }
  };

  /** The steps of the rows that have a request; the others stay as they are. */
  const stepRows = (requests: readonly (StepRequest | undefined)[]): void => {
    requests.forEach((request, row) => setRate(rows[row] as number, request?.learningRate));
    let before = current();
    if (ratesChanged) {
      const all = tensor(rows.map((member) => rates.get(member) ?? 0));
      before = { ...before, optimizer: withLearningRate(before.optimizer, all) };
      ratesChanged = false;
    }
    const [first] = requests.filter((request) => request !== undefined) as [StepRequest];
    const whole = requests.every((request) => request !== undefined);
    const active = whole ? [] : [tensor(requests.map((request) => request !== undefined))];
    const inputs = first.inputs.map((one, k) =>
      tensor(joinRows(requests.map((request) => request?.inputs[k])), [rows.length, one.length]),
    );
    const program = programs.get(first.step) ?? stepAll(first.step);
    programs.set(first.step, program);
    failedAt?.dispose();
    [state, failedAt] = program(before, active, first.tensors, ...inputs);
    [...inputs, ...active].forEach((each) => each.dispose());
  };

  const setRate = (member: number, rate: number | undefined): void => {
    if (rate === undefined || rates.get(member) === rate) return;
    rates.set(member, rate);
    ratesChanged = true;
  };

  const stateOf = async (member: number): Promise<TrainingState> => {
    const all = current();
    copies ??= readTree(all);
    return rowOfTree(all, await copies, rows.indexOf(member));
  };

  const evaluateRows = async (
    wanting: readonly { readonly member: number; readonly evaluators: Evaluators; readonly wanted: Wanted }[],
  ): Promise<Evaluated[]> => {
    const [first] = wanting as [(typeof wanting)[number]];
    const alike = wanting.every(
      ({ evaluators, wanted }) =>
        evaluators === first.evaluators &&
        wanted.train === first.wanted.train &&
        wanted.test === first.wanted.test,
    );
    // All rows at once cost as much as if all had asked.
    if (alike && 2 * wanting.length > rows.length) return evaluateAll(first, wanting);
    const found: Evaluated[] = [];
    for (const { member, evaluators, wanted } of wanting) {
      const one = await stateOf(member);
      found.push(await evaluateOne(one, evaluators, wanted));
      dispose(one);
    }
    return found;
  };

  const evaluateAll = async (
    { evaluators, wanted }: { readonly evaluators: Evaluators; readonly wanted: Wanted },
    wanting: readonly { readonly member: number }[],
  ): Promise<Evaluated[]> => {
    const { params } = current();
    const statistics = await statisticsOfAll(evaluators);
    const count = rows.length;
    const train = wanted.train && (await evaluators.train.evaluateAll(count, params, statistics));
    const test = wanted.test && (await evaluators.test.evaluateAll(count, params, statistics));
    dispose(statistics);
    return wanting.map(({ member }) => {
      const row = rows.indexOf(member);
      return {
        ...(train && { train: train[row] as Evaluation }),
        ...(test && { test: test[row] as Evaluation }),
      };
    });
  };

  /** Recomputed one replica after the other, since a pass over the training set is as large as one can be. */
  const statisticsOfAll = async (evaluators: Evaluators): Promise<State> => {
    if (!evaluators.statistics.needed) return {};
    const each: State[] = [];
    for (const member of rows) {
      const one = await stateOf(member);
      each.push(evaluators.statistics.at(one.params));
      dispose(one);
    }
    const stacked = await stackTrees(each);
    each.forEach(dispose);
    return stacked;
  };

  /** Leaves the rows of those that have ended behind, if they are half of all. */
  const compact = async (): Promise<void> => {
    if (!state || 2 * live.size > rows.length) return;
    const kept = rows.filter((member) => live.has(member));
    const before = current();
    state = rowsOfTree(
      before,
      await readTree(before),
      kept.map((member) => rows.indexOf(member)),
    );
    dispose(before);
    forget();
    rows = kept;
    ratesChanged = true;
  };

  const leave = (member: number): void => {
    if (!live.delete(member)) return;
    asked.delete(member);
    if (live.size > 0) return void pump();
    forget();
    dispose(state ?? []);
    [...programs.values()].forEach((program) => program.dispose());
    disposeAll(shared);
  };

  const seatOf = (member: number): Seat => ({
    step: (request) => ask<void>(member, (settle) => ({ kind: 'step', request, ...settle })),
    evaluate: (evaluators, wanted) =>
      ask<Evaluated>(member, (settle) => ({ kind: 'evaluate', evaluators, wanted, ...settle })),
    async look() {
      const row = rows.indexOf(member);
      if (!looks) {
        looks = failedAt ? readOnce(failedAt) : current().failedAt.data();
        failedAt = undefined;
      }
      return (await looks)[row] as number;
    },
    async takeLossSum() {
      sums ??= current()
        .lossSum.data()
        .then((values) => void (lastSums = [...values]));
      await sums;
      taken.add(member);
      return lastSums[rows.indexOf(member)] as number;
    },
    async borrow() {
      const one = await stateOf(member);
      return { state: one, release: () => dispose(one) };
    },
    leave: () => leave(member),
  });

  return Array.from({ length: count }, (_, member) => ({
    share: shareIn(shared),
    enter: (own) => ask<Seat>(member, (settle) => ({ kind: 'enter', state: own, ...settle })),
    leave: () => leave(member),
  }));
}

/** The steps of all rows as one program, which takes a mask of those that make it where not all do. */
function stepAll(step: TrainingStep): StepAll {
  return jit(
    (state: TrainingState, active: readonly Tensor[], tensors: ResidentTensors, ...inputs: Tensor[]) => {
      const axes = [0, null, ...inputs.map(() => 0)];
      const made = vmap(step, { in: axes })(state, tensors, ...inputs);
      const [mask] = active;
      if (!mask) return made;
      const before: Advanced = [state, cast(state.failedAt, 'f32')];
      const choose = (makes: Tensor, after: Advanced, kept: Advanced): Advanced =>
        tree.map((a, b) => where(makes, a, b), after, kept);
      return vmap(choose)(mask, made, before);
    },
    { donate: [0] },
  );
}

function shareIn(shared: Map<string, { dispose(): void }>): Member['share'] {
  return <T extends { dispose(): void }>(name: string, make: () => T): T => {
    const known = (shared.get(name) as T | undefined) ?? make();
    shared.set(name, known);
    return known;
  };
}

function disposeAll(shared: Map<string, { dispose(): void }>): void {
  for (const each of shared.values()) each.dispose();
  shared.clear();
}

async function readOnce(x: Tensor): Promise<ArrayLike<number>> {
  const values = await x.data();
  x.dispose();
  return values;
}

function dispose(owner: Tree): void {
  tree.leaves(owner).forEach((leaf) => leaf.dispose());
}
