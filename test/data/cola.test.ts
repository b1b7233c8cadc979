import { describe, expect, it } from 'vitest';
import { COLA_TRAIN, readCola } from '../../data/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const good =
  "gj04\t1\t\tOur friends won't buy this.\r\ngj04\t0\t*\tThe dog barks its way outs of the room.\n";

describe('a file of CoLA', () => {
  it('is its sentences with labels and marks, with any ends of lines', () => {
    expect(readCola(bytes(good))).toEqual([
      { source: 'gj04', label: 1, mark: '', sentence: "Our friends won't buy this." },
      { source: 'gj04', label: 0, mark: '*', sentence: 'The dog barks its way outs of the room.' },
    ]);
    expect(readCola(bytes(good.trimEnd()))).toHaveLength(2);
  });

  it('of 8,551 lines, as published, is read whole', () => {
    const lines = Array.from({ length: COLA_TRAIN }, (_, k) => `s\t${k % 2}\t\tSentence ${k} « é ».`);
    const read = readCola(bytes(lines.join('\n')));
    expect(read).toHaveLength(8551);
    expect(read[8550]).toEqual({ source: 's', label: 0, mark: '', sentence: 'Sentence 8550 « é ».' });
  });

  it.each([
    ['another number of columns', `${good}gj04\t1\tNo mark.`, /train\.tsv: line 3 has 3 columns/],
    ['another label', `gj04\tyes\t\tA.\n${good}`, /line 1 has the label "yes", not 0 or 1/],
    ['no sentence', `${good}gj04\t1\t\t `, /line 3 has no sentence/],
    ['an empty line', `gj04\t1\t\tA.\n\n${good}`, /line 2 has 1 columns/],
    ['nothing', '', /the file is empty/],
  ])('with %s is refused with the line', (_, text, message) => {
    expect(() => readCola(bytes(text), 'cola/train.tsv')).toThrow(message);
    expect(() => readCola(bytes(text))).toThrow(expect.objectContaining({ code: 'DATA_CORRUPT' }));
  });

  it('that is still packed is refused with what to do', () => {
    const zip = Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]);
    expect(() => readCola(zip, 'cola/in_domain_train.tsv')).toThrow(
      /^cola\/in_domain_train\.tsv: .*zip archive.*unpack it/,
    );
  });

  it('that is not UTF-8 is refused with the line', () => {
    const latin = Uint8Array.from([...bytes(good), ...bytes('gj04\t1\t\tCaf'), 0xe9]);
    expect(() => readCola(latin, 'train.tsv')).toThrow(/train\.tsv: line 3 is not UTF-8/);
  });
});
