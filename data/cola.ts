/**
 * CoLA (Warstadt, Singh & Bowman 2018), sentences that linguists judged acceptable or not, as published (`cola_public/raw/in_domain_train.tsv`) and
 * in GLUE (`CoLA/train.tsv`): UTF-8 without a header, four columns with tabs between, of which a sentence never holds one:
 *
 *   source    where the sentence is from
 *   label     0 unacceptable, 1 acceptable
 *   mark      `*` or what else the author put in front of it, or nothing
 *   sentence
 *
 * The training part has 8,551 sentences. The words of the corpus are not in this repository: whoever wants them fetches them.
 */
import { fail } from '../engine/graph/errors.ts';

/** One sentence. */
export interface ColaSentence {
  readonly source: string;
  readonly label: 0 | 1;
  /** As the author of `source` marked it; empty where he did not. */
  readonly mark: string;
  readonly sentence: string;
}

/** Sentences of the published training part. */
export const COLA_TRAIN = 8551;

/**
 * The sentences of a file, in order.
 *
 * @param file what errors call it
 * @throws DATA_CORRUPT with the line, counted from 1, that has other columns, another label or no sentence; or if nothing is there, it is
 *   not UTF-8, or still the zip archive
 */
export function readCola(bytes: Uint8Array, file = 'CoLA'): readonly ColaSentence[] {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b)
    fail(
      'DATA_CORRUPT',
      `${file}: expected lines of text, found a zip archive, as CoLA is published; unpack it and put its raw/in_domain_train.tsv here.`,
    );
  const text = new TextDecoder().decode(bytes.slice());
  // A replacement character stands for bytes that are no UTF-8: the corpus itself has none.
  const broken = text.indexOf('\uFFFD');
  if (broken >= 0) refuse(file, text.slice(0, broken).split('\n').length, 'is not UTF-8');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) fail('DATA_CORRUPT', `${file}: the file is empty; fetch it again.`);
  return lines.map((line, index) => sentenceOf(line.replace(/\r$/, ''), file, index + 1));
}

function sentenceOf(line: string, file: string, number: number): ColaSentence {
  const columns = line.split('\t');
  if (columns.length !== 4)
    refuse(file, number, `has ${columns.length} columns where source, label, mark and sentence are due`);
  const [source, label, mark, sentence] = columns as [string, string, string, string];
  if (label !== '0' && label !== '1')
    refuse(file, number, `has the label ${JSON.stringify(label)}, not 0 or 1`);
  if (sentence.trim() === '') refuse(file, number, 'has no sentence');
  return { source, label: label === '1' ? 1 : 0, mark, sentence };
}

function refuse(file: string, line: number, finding: string): never {
  return fail('DATA_CORRUPT', `${file}: line ${line} ${finding}; fetch the file again, or correct the line.`);
}
