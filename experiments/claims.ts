/** Claims of the paper with what was decided of each: a table, then the reasons. */
import type { Decision } from './verdicts.ts';
import type { Section, TableSection } from './report.ts';

export interface DecidedClaim extends Decision {
  readonly letter: string;
  /** In a few words, for the table. */
  readonly short: string;
  readonly statement: string;
  /** The test, in words. */
  readonly test: string;
}

/** @param of what the claims are of, where a report has several such tables */
export function claimSections(claims: readonly DecidedClaim[], of?: string): Section[] {
  const table: TableSection = {
    kind: 'table',
    heading: of === undefined ? "The paper's claims" : `The paper's claims: ${of}`,
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
