/**
 * The loop that every training is: steps, looks at whether one failed, measurements, snapshots to go on from. What the
 * steps are and what is decided on the way is a `Course`.
 */
import { tree } from '../../engine/index.ts';
import type { Checkpoints } from '../grid.ts';
import type { Json, RunRecord, StopSignal } from '../types.ts';
import type { TrainingFailure } from './failure.ts';
import type { Member } from './replicas.ts';
import type { Borrowed, Seat, StepRequest } from './seat.ts';
import type { TrainingState } from './step.ts';
import { failureAfter, watched } from './watch.ts';

/** One training as the loop sees it. It stands somewhere, and goes on from there. */
export interface Course {
  /** Of the first step; made only where there is no snapshot, but for its structure. */
  initialState(): TrainingState;
  /** Where it stands beside its tensors. */
  standing(): Json;
  /** Takes up where a snapshot stands. */
  restore(standing: Json): void;
  /** Steps made. */
  readonly done: number;
  readonly ended: boolean;
  /** The step that comes next. */
  next(): StepRequest;
  /** Counts that step as made. */
  made(): void;
  /** Before the first step. */
  begin?(seat: Seat): AsyncIterable<RunRecord>;
  /** Whether something is to be measured or decided after the step just made. */
  readonly due: boolean;
  observe(seat: Seat): AsyncIterable<RunRecord>;
  /** After the last step. */
  conclude(seat: Seat): AsyncIterable<RunRecord>;
  /** Whether the signal kept an observation from being whole. It is then made again, from the last snapshot. */
  readonly incomplete: boolean;
  /** What went wrong in a step. */
  explain(step: number, state: TrainingState): Promise<TrainingFailure>;
  /** Multiply-adds of a step. */
  readonly cost: number;
}

export interface LoopContext {
  readonly signal: StopSignal;
  readonly member: Member;
  /** None: a training that is stopped begins anew. */
  readonly checkpoints?: Checkpoints;
}

/**
 * Steps between looks at whether a step failed. What is looked at was read so many steps ago, so the device always
 * has work; and no more than twice so many steps are under way, so that a run can be stopped soon.
 */
const LOOK_EVERY = 4;

/** Multiply-adds of a step that is looked at by itself: a second or so of a software adapter. */
const LONG_STEP = 4e9;

/**
 * Follows a course to its end and yields its records; nothing more once the signal is given. With checkpoints it goes on
 * from the newest snapshot, and all that a step depends on is in it, so what comes after is what would have come
 * without the stop.
 * @throws NON_FINITE, a {@link TrainingFailure}, if a loss, a parameter or a measurement is not finite, naming the step and what is not
 */
export async function* follow(
  course: Course,
  { signal, member, checkpoints }: LoopContext,
): AsyncGenerator<RunRecord> {
  const lookEvery = course.cost < LONG_STEP ? LOOK_EVERY : 1;
  let initial = course.initialState();
  const snapshot = await checkpoints?.restore(initial);
  if (snapshot) {
    tree.leaves(initial).forEach((leaf) => leaf.dispose());
    initial = snapshot.tensors as TrainingState;
    course.restore(snapshot.state);
  }
  const seat = await member.enter(initial);
  const looked = watched(seat, () => course.done);
  /** The number of the failed step, or -1, as of the last look. */
  let look = Promise.resolve(-1);
  const check = async (failedAt: Promise<number>): Promise<void> => {
    const step = await failedAt;
    if (step >= 0) throw await lending(seat, ({ state }) => course.explain(step, state));
  };
  try {
    if (!snapshot && course.begin) yield* recordsAfter(course, course.begin(looked));
    while (!course.ended && !signal.aborted) {
      await seat.step(course.next());
      course.made();
      if (course.done % lookEvery === 0) {
        await check(look);
        look = seat.look();
      }
      if (course.due) {
        await check(seat.look());
        yield* recordsAfter(course, course.observe(looked));
        if (course.incomplete) return;
      }
      // After the records of this step: what comes back continues after them. The last is kept to be measured.
      if (checkpoints && (course.ended || signal.aborted || checkpoints.due()))
        await lending(seat, ({ state }) => keep(course, state, checkpoints));
    }
    if (signal.aborted) return;
    await check(seat.look());
    await lending(looked, () => Promise.resolve());
    yield* recordsAfter(course, course.conclude(looked));
  } finally {
    await look.catch(() => undefined);
    seat.leave();
  }
}

/** What is measured where the course stands. */
async function* recordsAfter(course: Course, records: AsyncIterable<RunRecord>): AsyncGenerator<RunRecord> {
  try {
    yield* records;
  } catch (error) {
    throw failureAfter(course.done, error);
  }
}

async function keep(course: Course, state: TrainingState, checkpoints: Checkpoints): Promise<void> {
  try {
    await checkpoints.save({ tensors: state, state: course.standing() });
  } catch (error) {
    throw failureAfter(course.done, error);
  }
}

/** What `use` makes of the state as it stands. */
export async function lending<T>(seat: Seat, use: (borrowed: Borrowed) => Promise<T>): Promise<T> {
  const borrowed = await seat.borrow();
  try {
    return await use(borrowed);
  } finally {
    borrowed.release();
  }
}
