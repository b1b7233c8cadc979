/** Experiments that work on no data set: what their manifests say in its place, and what they are given. */
import type { Dataset, ImageSet } from '../data/dataset.ts';
import type { Experiment, Manifest } from './types.ts';

/** What stands in a manifest for an experiment's own data; undefined for one that works on a data set. */
export function describeOwnData(experiment: Experiment, config: object): Manifest['dataset'] | undefined {
  const name = experiment.ownData?.(config);
  return name === undefined ? undefined : { name, source: 'own', train: 0, test: 0, hashes: {} };
}

/** What is made or read for its presets, each once; empty for an experiment that works on a data set with one of them. */
export function ownDataOfPresets({ ownData, presets }: Experiment): readonly string[] {
  const names = Object.values(presets).map((config) => ownData?.(config));
  return [...new Set(names.flatMap((name) => name ?? []))].filter(() => !names.includes(undefined));
}

const none: ImageSet = {
  name: 'no images',
  images: new Uint8Array(),
  labels: new Uint8Array(),
  count: 0,
  height: 1,
  width: 1,
  channels: 1,
  classes: [],
};

/** The data set of a run that works on none. */
export const noDataset: Dataset = {
  name: 'none',
  train: none,
  test: none,
  source: 'procedural',
  verified: true,
  hashes: {},
};
