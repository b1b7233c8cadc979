/** Data sets in Node: everything of `../index.ts`, with `load` reading from a directory, and downloads. */
import { load as loadAnywhere, type DatasetName, type LoadOptions } from '../index.ts';
import type { Dataset } from '../dataset.ts';
import { dataDirectory, directoryReader } from './directory.ts';

export * from '../index.ts';
export { dataDirectory, directoryReader } from './directory.ts';
export type { FetchOptions } from './fetch-file.ts';
export { get, getArchive, getFiles, type GetOptions, type GotFile } from './get.ts';
export { makeFolders } from './make-folders.ts';

/** What {@link load} may be told in Node. */
export interface NodeLoadOptions extends LoadOptions {
  /** The directory that holds `mnist/`, `cifar-10-binary.tar.gz` and the like. Default: LANGEVIN_DATA, else the user's cache. */
  readonly directory?: string;
}

/**
 * Loads a data set: draws `procedural`, or reads files from a directory.
 * @throws `DATA_MISSING` naming the file and how to fetch it; otherwise as `load` of `../index.ts`.
 */
export async function load(name: DatasetName, options: NodeLoadOptions = {}): Promise<Dataset> {
  const { directory, ...rest } = options;
  return loadAnywhere(name, { read: directoryReader(dataDirectory(directory)), ...rest });
}
