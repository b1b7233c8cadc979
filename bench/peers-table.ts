/** Comparisons as tables: the ratios first, which is what counts, then times, then what the first step took. */
import type { Comparison, PeerResult } from './comparison.ts';
import { PEER_ENGINES, type PeerName } from './peer-engines.ts';
import { median } from './statistics.ts';
import { markdownTable, show, type Row } from './table.ts';

export function peersSection(comparisons: readonly Comparison[]): string[] {
  const [first] = comparisons;
  if (!first) return [];
  const peers = first.peers.map(({ peer }) => peer);
  const titles = peers.map((peer) => titleOf(peer, comparisons));
  const rows = (cell: (result: PeerResult) => string): string[][] =>
    comparisons.map(({ title, peers: results }) => [title, ...results.map(cell)]);
  const withUs = (cell: (measured: Comparison['ours']) => number): Row[] =>
    comparisons.map(({ title, ours, peers: results }) => [
      title,
      cell(ours),
      ...results.map((result) => ('failure' in result ? '–' : cell(result))),
    ]);
  return [
    '**How many times as fast as its peers langevin is** (smallest and largest ratio of a round; at least)',
    markdownTable(['workload', ...titles], rows(ratioCell)),
    '**Milliseconds per step, medians**',
    markdownTable(
      ['workload', 'langevin', ...titles],
      withUs(({ ms }) => median(ms)),
    ),
    '**Seconds of the first step, which compiles**',
    markdownTable(
      ['workload', 'langevin', ...titles],
      withUs(({ firstStep }) => firstStep),
    ),
  ];
}

/** With its version, if it ever ran. */
function titleOf(peer: PeerName, comparisons: readonly Comparison[]): string {
  const versions = comparisons.flatMap(({ peers }) =>
    peers.flatMap((result) => (result.peer === peer && !('failure' in result) ? [result.info.version] : [])),
  );
  return [PEER_ENGINES[peer].title, ...versions.slice(0, 1)].join(' ');
}

/** `3.14 (2.90 – 3.20; 3: yes)`, or why there is none. */
export function ratioCell(result: PeerResult): string {
  if ('failure' in result) return result.failure.replaceAll('|', '\\|');
  const { ratio, range, target } = result;
  const met = target === undefined ? '' : `; ${target}: ${ratio >= target ? 'yes' : 'no'}`;
  return `${show(ratio)} (${show(range[0])} – ${show(range[1])}${met})`;
}
