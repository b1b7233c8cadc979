/** A network on its images: what the configurations of several papers are made of. */
import type { DatasetName } from '../../data/index.ts';
import type { CellDataset } from '../grid.ts';
import type { ImagesSpec, NetworkSpec } from './settings.ts';

/** A network on its images, as data. */
export type Plan = {
  /** The data set of the paper. */
  readonly data: DatasetName;
  readonly network: NetworkSpec;
  readonly images: ImagesSpec;
};

/** What `--data` asks for, or the plan's own. Where the procedural images stand in, they have the shape of the published ones. */
export function datasetOf({ data: own }: Pick<Plan, 'data'>, asked: DatasetName | 'published'): CellDataset {
  if (asked === 'published') return { name: own };
  if (asked !== 'procedural') return { name: asked };
  return own.startsWith('cifar')
    ? { name: asked, size: 32, channels: 3 }
    : { name: asked, size: 28, channels: 1 };
}
