import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  counters,
  currentDevice,
  init,
  jit,
  matmul,
  profile,
  relu,
  tensor,
  valueAndGrad,
  type Jitted,
  type Tensor,
} from '../../engine/index.ts';

const SIZE = 24;

/** Gradient descent on |relu(xw)|², the weights donated. */
function descent(): { readonly step: Jitted<[Tensor, Tensor], Tensor>; readonly x: Tensor; w: Tensor } {
  const values = (scale: number): Float32Array =>
    Float32Array.from({ length: SIZE * SIZE }, (_, k) => scale * Math.sin(k + 1));
  const loss = (w: Tensor, x: Tensor): Tensor => relu(matmul(x, w)).square().mean();
  const step = jit(
    (w: Tensor, x: Tensor) => {
      const [, gradient] = valueAndGrad(loss)(w, x);
      return w.sub(gradient.mul(0.1));
    },
    { donate: [0] },
  );
  return { step, x: tensor(values(1), [SIZE, SIZE]), w: tensor(values(0.5), [SIZE, SIZE]) };
}

describe('profile', () => {
  const disposables: { dispose(): void }[] = [];
  beforeAll(() => init());
  afterEach(() => disposables.splice(0).forEach((each) => each.dispose()));

  const start = (): ReturnType<typeof descent> => {
    const problem = descent();
    disposables.push(problem.step, problem.x, { dispose: () => problem.w.dispose() });
    return problem;
  };

  it('lists every dispatch of a step with its operations, bytes, FLOPs and time', async () => {
    const problem = start();
    const before = counters()?.dispatches ?? 0;
    const { dispatches, programs, repeats, untimed, ...times } = await profile(
      () => {
        problem.w = problem.step(problem.w, problem.x);
      },
      { repeats: 2 },
    );
    const made = (counters()?.dispatches ?? 0) - before;
    expect(repeats).toBe(2);
    expect(programs).toHaveLength(1);
    expect(dispatches).toHaveLength(programs[0]?.program.dispatches.length ?? 0);
    expect(programs[0]?.inputNames).toEqual(['argument 0', 'argument 1']);
    // The first step, and two rounds of one as usual and one with timestamps.
    expect(made).toBe(5 * dispatches.length);
    const products = dispatches.filter(({ dispatch }) =>
      dispatch.operations.some(({ name }) => name === 'matmul'),
    );
    expect(products).toHaveLength(2);
    for (const { flops } of products) expect(flops).toBeGreaterThanOrEqual(2 * SIZE ** 3);
    for (const { dispatch, bytesRead, bytesWritten } of dispatches) {
      expect(dispatch.code).toContain('@compute');
      expect(bytesRead + bytesWritten).toBeGreaterThan(0);
    }
    expect(times.firstMs).toBeGreaterThan(0);
    expect(times.stepMs).toBeGreaterThan(0);
    if (untimed !== undefined) return;
    for (const { ms } of dispatches) expect(ms).toBeGreaterThanOrEqual(0);
    const sum = dispatches.reduce((total, { ms }) => total + (ms ?? NaN), 0);
    expect(sum).toBeGreaterThan(0);
    expect(times.timeline).toHaveLength(2 * dispatches.length);
    expect(times.spanMs).toBeGreaterThan(0);
  });

  it('computes what the steps would compute without it', async () => {
    const [watched, alone] = [start(), start()];
    await profile(
      () => {
        watched.w = watched.step(watched.w, watched.x);
      },
      { repeats: 1 },
    );
    for (let k = 0; k < 3; k++) alone.w = alone.step(alone.w, alone.x);
    expect(await watched.w.data()).toEqual(await alone.w.data());
  });

  it('tells the phases of the host: recording and compiling in the first step, encoding in each', async () => {
    const problem = start();
    const { phases } = await profile(
      async () => {
        problem.w = problem.step(problem.w, problem.x);
        await problem.w.data();
      },
      { repeats: 1 },
    );
    const count = (name: string): number => phases.filter((phase) => phase.name === name).length;
    expect(count('record')).toBe(1);
    expect(count('simplify')).toBe(1);
    expect(count('compile')).toBe(1);
    expect(count('encode')).toBe(3);
    expect(count('submit')).toBe(3);
    expect(count('readback')).toBe(3);
    for (const { begin, end } of phases) {
      expect(begin).toBeGreaterThanOrEqual(0);
      expect(end).toBeGreaterThanOrEqual(begin);
    }
  });

  it('says why there are no times where the device has no timestamps', async () => {
    const { gpu } = currentDevice() as NonNullable<ReturnType<typeof currentDevice>>;
    const own = Object.getOwnPropertyDescriptor(gpu, 'features');
    Object.defineProperty(gpu, 'features', { configurable: true, value: new Set<string>() });
    try {
      const problem = start();
      const result = await profile(() => {
        problem.w = problem.step(problem.w, problem.x);
      });
      expect(result.untimed).toContain('timestamp-query');
      expect(result.spanMs).toBeUndefined();
      expect(result.timeline).toEqual([]);
      for (const each of result.dispatches) expect(each).not.toHaveProperty('ms');
    } finally {
      // The bindings of Node hold it on the object itself, browsers on the prototype.
      if (own) Object.defineProperty(gpu, 'features', own);
      else Reflect.deleteProperty(gpu, 'features');
    }
  });

  it('refuses a step that runs nothing, or something else each time, and a second profile meanwhile', async () => {
    await expect(profile(() => undefined)).rejects.toMatchObject({ code: 'PROFILE' });
    let extent = 2;
    const growing = jit((x: Tensor) => x.add(1));
    disposables.push(growing);
    await expect(
      profile(() => {
        const x = tensor(new Float32Array(extent++));
        const y = growing(x);
        [x, y].forEach((each) => each.dispose());
      }),
    ).rejects.toMatchObject({ code: 'PROFILE' });
    const problem = start();
    const step = (): void => {
      problem.w = problem.step(problem.w, problem.x);
    };
    const first = profile(step, { repeats: 1 });
    await expect(profile(step)).rejects.toMatchObject({ code: 'PROFILE' });
    expect((await first).dispatches.length).toBeGreaterThan(0);
    await expect(profile(step, { repeats: 0 })).rejects.toMatchObject({ code: 'PROFILE' });
  });
});
