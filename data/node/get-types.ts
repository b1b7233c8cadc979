/** What fetching a data set is told, and what it answers. */
import type { FetchOptions } from './fetch-file.ts';

/** What `get` may be told, beside how to fetch. */
export interface GetOptions extends FetchOptions {
  /** Where to keep the data. Default: `dataDirectory`. */
  readonly directory?: string;
  /** Base addresses to try in order, each ending in `/`. Default: those of the catalogue. */
  readonly mirrors?: readonly string[];
}

/** A file that is in place and is the published one. */
export interface GotFile {
  readonly path: string;
  /** Of the decompressed content; of an archive, of the file itself. */
  readonly sha256: string;
  /** Where it came from: an address, or `cache` when it was there already. */
  readonly from: string;
}
