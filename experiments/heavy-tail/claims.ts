/** Claims of the paper with what was decided of each: a table, then the reasons. */
import type { Decision } from '../noise-enhancement/paper/verdicts.ts';
import type { Section, TableSection } from '../report.ts';

export interface DecidedClaim extends Decision {
  readonly letter: string;
  /** In a few words, for the table. */
  readonly short: string;
  readonly statement: string;
  /** The test, in words. */
  readonly test: string;
}

export function claimSections(claims: readonly DecidedClaim[]): Section[] {
  const table: TableSection = {
    kind: 'table',
    heading: "The paper's claims",
    caption: 'The tests and the reasons stand below.',
    columns: [
      { key: 'claim', label: 'claim' },
      { key: 'verdict', label: 'in these runs' },
    ],
    rows: claims.map(({ letter, short, verdict }) => ({ claim: `(${letter}) ${short}`, verdict })),
    terminal: true,
  };
  const texts = claims.map(({ letter, statement, test, verdict, reason }): Section => ({
    kind: 'text',
    heading: `(${letter}) ${statement}`,
    text: `${test}\n\n${verdict.replace(/^[a-z]/, (first) => first.toUpperCase())}: ${reason}`,
  }));
  return [table, ...texts];
}
