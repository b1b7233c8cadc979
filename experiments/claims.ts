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

/**
 * @param of what the claims are of, where a report has several such tables
 * @param tests how claims are decided, where one sentence says it of all
 */
export function claimSections(claims: readonly DecidedClaim[], of?: string, tests = ''): Section[] {
  const table: TableSection = {
    kind: 'table',
    heading: of === undefined ? "The paper's claims" : `The paper's claims: ${of}`,
    caption: tests === '' ? 'The tests and the reasons stand below.' : `${tests} The reasons stand below.`,
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
    text: `${test}\n\n${capital(verdict)}: ${reason}`,
  }));
  return [table, ...texts];
}

/** With a capital letter. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
