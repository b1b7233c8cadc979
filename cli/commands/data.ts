/** `langevin data`: the data sets that are read from files. */
import type { FileDatasetName } from '../../data/catalogue.ts';
import { catalogue, dataDirectory, directoryReader, get, readDataset } from '../../data/node/index.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { renderTable } from '../../experiments/text-table.ts';
import { parseChoice, type Option } from '../arguments.ts';
import type { Command } from '../command.ts';
import { progressLine } from '../progress.ts';
import { stopOnSignals } from '../stop.ts';
import { terminalOf } from '../world.ts';

/** Where the data sets are kept. */
export const dataDirOption: Option = {
  value: 'DIR',
  about: "directory of the data sets; default: LANGEVIN_DATA, else the user's cache",
};

const names = Object.keys(catalogue) as FileDatasetName[];

export const dataGet: Command = {
  name: 'data get',
  about: 'fetch a data set and check its content against the published hash',
  positionals: [{ name: 'NAME', about: names.join(', ') }],
  options: { 'data-dir': dataDirOption },
  async run(args, { stdout, stderr, environment }) {
    const name = parseChoice('data set to fetch', args.positionals[0] ?? '', names, 'DATA_UNKNOWN');
    const out = terminalOf(stdout, environment);
    const line = progressLine(terminalOf(stderr, environment));
    const stop = stopOnSignals(() => undefined);
    const directory = args.value('data-dir');
    try {
      const files = await get(name, {
        ...(directory === undefined ? {} : { directory }),
        signal: stop.signal,
        onProgress: ({ url, received, total = received }) =>
          line.update({
            done: Math.round(received / 1024),
            total: Math.round(total / 1024),
            unit: 'KiB',
            note: url.slice(url.lastIndexOf('/') + 1),
          }),
      });
      line.end();
      for (const { path, from } of files) out.print(`${path}${from === 'cache' ? '  (was there)' : ''}`);
      return 0;
    } catch (error) {
      line.end();
      if (error instanceof LangevinError && error.code === 'DOWNLOAD_ABORTED') return stop.exitCode() ?? 1;
      throw error;
    } finally {
      stop.forget();
    }
  },
};

export const dataList: Command = {
  name: 'data list',
  about: 'list the data sets and whether they are here',
  positionals: [],
  options: { 'data-dir': dataDirOption },
  async run(args, { stdout, environment }) {
    const out = terminalOf(stdout, environment);
    const directory = dataDirectory(args.value('data-dir'));
    const rows = [{ name: 'procedural', state: 'always there: drawn when needed' }];
    // One after the other: reading an archive takes half a gigabyte of memory.
    for (const name of names) rows.push({ name, state: await stateOf(name, directory) });
    const columns = [
      { key: 'name', label: 'data set' },
      { key: 'state', label: 'state' },
    ];
    out.print(renderTable({ kind: 'table', heading: 'Data sets', columns, rows }, out.width));
    out.print();
    out.print(`directory: ${directory}`);
    return 0;
  },
};

/** Reads the whole set, so that `here` means that training would find it sound. */
async function stateOf(name: FileDatasetName, directory: string): Promise<string> {
  try {
    const { train, test, verified } = await readDataset(name, directoryReader(directory), true);
    const known = verified ? '' : ', not verified: only the archive has a published hash';
    return `here: ${train.count} + ${test.count} images${known}`;
  } catch (error) {
    if (!(error instanceof LangevinError)) throw error;
    return error.code === 'DATA_MISSING'
      ? `not here: langevin data get ${name}`
      : `${error.message} [${error.code}]`;
  }
}
