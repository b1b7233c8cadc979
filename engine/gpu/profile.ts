/**
 * Where the time of a step goes. A step is any function that runs recorded programs, or realises graphs; it is called
 * several times, and every dispatch that it makes is put into a compute pass of its own between two timestamps of the
 * device. Steps as they usually run, all dispatches in one pass, are timed in turn with them by the host's clock, so what
 * the separate passes cost can be seen.
 *
 * A device without timestamps still says what it ran: the times are then absent, and the profile says why.
 */
import type { Program, Dispatch } from '../compile/program.ts';
import { currentBackend } from '../graph/backend.ts';
import { fail, type LangevinError } from '../graph/errors.ts';
import { listenToPhases, type Phase } from '../graph/phases.ts';
import type { DeviceBackend } from './backend.ts';
import type { Engine, RunObserver } from './engine.ts';
import { Timestamps } from './timestamps.ts';

export interface ProfileOptions {
  /** Timed steps, of which medians are taken. Default 5. */
  readonly repeats?: number;
}

export interface Profile {
  /** The programs of one step, in the order in which they run. */
  readonly programs: readonly ProfiledProgram[];
  /** The dispatches of one step, in order. */
  readonly dispatches: readonly ProfiledDispatch[];
  /** Why there are no times of kernels; absent if there are. */
  readonly untimed?: string;
  readonly repeats: number;
  /** Milliseconds of the first step, from its call until the device is done: recording and compiling, if it was new. */
  readonly firstMs: number;
  /** The same of a step as it usually runs, all dispatches of a program in one pass: the median. */
  readonly stepMs: number;
  /** Milliseconds from the first kernel's begin to the last one's end, each in a pass of its own: the median. */
  readonly spanMs?: number;
  /** What the host did from the first step on. Milliseconds since the profile began. */
  readonly phases: readonly Phase[];
  /** The kernels of all timed steps. */
  readonly timeline: readonly TimedKernel[];
}

/** A program of one step. */
export interface ProfiledProgram {
  readonly program: Program;
  /** What its first inputs are called; those that a recorded function found outside, and graphs realised, have no name. */
  readonly inputNames: readonly string[];
}

/** A dispatch of one step. */
export interface ProfiledDispatch {
  /** Which of the step's programs it belongs to, and where it stands there. */
  readonly program: number;
  readonly index: number;
  readonly dispatch: Dispatch;
  /** Bytes of the buffers bound for reading; not all of them need be read. */
  readonly bytesRead: number;
  /** Bytes of the buffers bound for writing, which a dispatch that works in place also reads. */
  readonly bytesWritten: number;
  /** Floating-point operations of its kernel, all counted with the first where a kernel has several dispatches. */
  readonly flops: number;
  /** Median over the timed steps; absent where the device has no timestamps, or gave none that make sense. */
  readonly ms?: number;
}

/** One run of a dispatch. */
export interface TimedKernel {
  /** Position in the profile's dispatches. */
  readonly dispatch: number;
  /**
   * Milliseconds since the profile began. The device's clock has an origin of its own: the first kernel of a step is
   * taken to begin when its program was submitted.
   */
  readonly begin: number;
  readonly end: number;
}

const REPEATS = 5;

/** Those that a profile is under way on. */
const busy = new WeakSet<Engine>();

/**
 * Profiles what `step` runs. It is called once to record and compile, then `repeats` times in turn as usual and with
 * timestamps. It must run the same programs each time; what it returns is awaited, and otherwise ignored. A step whose
 * arguments are donated keeps what it got back for its next call:
 *
 *     const { dispatches } = await profile(() => {
 *       [state, loss] = step(state, batch);
 *     });
 *
 * @throws PROFILE if the step runs no program, or not the same ones each time; on the reference backend; and while another
 * profile is under way
 */
export async function profile(
  step: () => unknown,
  { repeats = REPEATS }: ProfileOptions = {},
): Promise<Profile> {
  if (!Number.isInteger(repeats) || repeats < 1)
    fail('PROFILE', `profile: repeats is ${repeats}: give a positive integer.`);
  const backend = currentBackend();
  if (backend.name !== 'webgpu')
    fail('PROFILE', 'profile: the reference backend has no kernels to time; call init() for a device first.');
  const { engine } = backend as DeviceBackend;
  if (busy.has(engine)) fail('PROFILE', 'profile: another profile is under way; await it first.');
  busy.add(engine);

  const origin = performance.now();
  const phases: Phase[] = [];
  const stopListening = listenToPhases(({ begin, end, ...rest }) =>
    phases.push({ ...rest, begin: begin - origin, end: end - origin }),
  );
  const timestamps = Timestamps.of(engine.device);
  try {
    const firstMs = await usual(engine, step);
    const steps: number[] = [];
    const observed: ObservedStep[] = [];
    while (observed.length < repeats) {
      steps.push(await usual(engine, step));
      const from = phases.length;
      const runs = await watched(engine, step, timestamps);
      const submitted = phases.slice(from).find(({ name }) => name === 'submit')?.begin;
      const times = await timestamps?.take();
      observed.push({ runs, ...(times && submitted !== undefined && { times, submitted }) });
      checkSame(observed);
    }
    const [{ runs }] = observed as [ObservedStep];
    const spans = observed.flatMap(({ times }) => (times ? [spanOf(times)] : []));
    return {
      programs: runs,
      dispatches: dispatchesOf(runs, observed),
      ...(!timestamps && { untimed: Timestamps.whyNot(engine.device) }),
      repeats,
      firstMs,
      stepMs: median(steps),
      ...(spans.length > 0 && { spanMs: median(spans) }),
      phases,
      timeline: observed.flatMap(timelineOf),
    };
  } finally {
    busy.delete(engine);
    stopListening();
    timestamps?.destroy();
  }
}

/** A dispatch's begin and end on the device's clock, in nanoseconds. */
type Times = readonly (readonly [begin: bigint, end: bigint])[];

interface ObservedStep {
  readonly runs: readonly ProfiledProgram[];
  /** One pair for each dispatch. */
  readonly times?: Times;
  /** When the first program was submitted, by the host's clock. */
  readonly submitted?: number;
}

/** Milliseconds of a step from its call until the device is done. */
async function usual(engine: Engine, step: () => unknown): Promise<number> {
  const begin = performance.now();
  await step();
  await finished(engine);
  return performance.now() - begin;
}

/** The programs of a step, run with every dispatch timed. */
async function watched(
  engine: Engine,
  step: () => unknown,
  timestamps: Timestamps | undefined,
): Promise<ProfiledProgram[]> {
  const runs: ProfiledProgram[] = [];
  let failure: LangevinError | undefined;
  const observer: RunObserver = {
    run(program, inputNames) {
      runs.push({ program, inputNames });
      const first = timestamps?.reserve(program.dispatches.length);
      return {
        timestamps: (k) => (first === undefined ? undefined : timestamps?.writes(first + k)),
        failed: (reason) => {
          failure ??= reason;
        },
      };
    },
  };
  engine.observer = observer;
  try {
    await step();
    await finished(engine);
  } finally {
    engine.observer = undefined;
  }
  if (failure) throw failure;
  return runs;
}

/** Waits until everything asked for so far is done. */
async function finished({ stream, device }: Engine): Promise<void> {
  await new Promise<void>((resolve) => stream.push({ run: resolve }));
  await device.gpu.queue.onSubmittedWorkDone();
  await device.settle();
}

function checkSame(observed: readonly ObservedStep[]): void {
  const [first, last] = [observed[0], observed.at(-1)] as [ObservedStep, ObservedStep];
  if (first.runs.every(({ program }) => program.dispatches.length === 0))
    fail(
      'PROFILE',
      'profile: the step ran no kernel: call a recorded function in it, or realize what it computes.',
    );
  const same = first.runs.every(({ program }, k) => program === last.runs[k]?.program);
  if (first.runs.length !== last.runs.length || !same)
    fail(
      'PROFILE',
      `profile: the step ran ${first.runs.length} programs at first and ${last.runs.length} later, or others: ` +
        'it must do the same each time, with arguments of the same shapes.',
    );
}

function dispatchesOf(
  runs: readonly ProfiledProgram[],
  observed: readonly ObservedStep[],
): ProfiledDispatch[] {
  const all = runs.flatMap(({ program: { dispatches } }, program) =>
    dispatches.map((dispatch, index) => ({ program, index, dispatch })),
  );
  return all.map(({ dispatch, ...place }, k) => {
    const bytes = (access: 'read' | 'write'): number =>
      dispatch.bindings.reduce((sum, binding) => sum + (binding.access === access ? binding.bytes : 0), 0);
    // A device that was reset in between gives times that run backwards.
    const times = observed.flatMap((step) => {
      const pair = step.times?.[k];
      return pair && pair[1] >= pair[0] ? [milliseconds(pair[1] - pair[0])] : [];
    });
    return {
      ...place,
      dispatch,
      bytesRead: bytes('read'),
      bytesWritten: bytes('write'),
      flops: isFurtherLaunch(all[k - 1], { dispatch, ...place })
        ? 0
        : dispatch.operations.reduce((sum, { flops }) => sum + flops, 0),
      ...(times.length > 0 && { ms: median(times) }),
    };
  });
}

/** Whether a dispatch continues the kernel of the one before it. */
function isFurtherLaunch(before: Placed | undefined, { program, dispatch }: Placed): boolean {
  return before?.program === program && before.dispatch.kernel === dispatch.kernel;
}

type Placed = Pick<ProfiledDispatch, 'program' | 'dispatch'>;

function timelineOf({ times, submitted }: ObservedStep): TimedKernel[] {
  const [first] = times ?? [];
  if (!times || !first || submitted === undefined) return [];
  return times.flatMap(([begin, end], dispatch) =>
    begin >= first[0] && end >= begin
      ? [
          {
            dispatch,
            begin: submitted + milliseconds(begin - first[0]),
            end: submitted + milliseconds(end - first[0]),
          },
        ]
      : [],
  );
}

function spanOf(times: Times): number {
  const [[begin], [, end]] = [times[0], times.at(-1)] as [Times[number], Times[number]];
  return milliseconds(end - begin);
}

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
