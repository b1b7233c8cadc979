/** Trainings as replicas of each other, for tests. */
import { replicas, type Member } from '../../experiments/training/replicas.ts';
import type { RunRecord } from '../../experiments/types.ts';

/** Trains together, each with its member. */
export async function together<T>(
  settings: readonly T[],
  train: (setting: T, member: Member, index: number) => Promise<RunRecord[]>,
): Promise<RunRecord[][]> {
  const members = replicas(settings.length);
  return Promise.all(
    settings.map(async (setting, k) => {
      const member = members[k]!;
      try {
        return await train(setting, member, k);
      } finally {
        member.leave();
      }
    }),
  );
}
