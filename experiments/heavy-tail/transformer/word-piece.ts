/**
 * WordPiece as BERT uses it, by the library @huggingface/tokenizers, from the vocabulary alone: one token per line, its number the number of
 * the line. Text is lower-cased, accents and control characters are dropped, punctuation stands alone; then the longest piece of the
 * vocabulary is taken again and again, pieces within a word being marked `##`.
 */
import { fail } from '../../../engine/graph/errors.ts';

export interface WordPiece {
  /** Tokens in the vocabulary. */
  readonly size: number;
  /** The token numbers of a sentence, with [CLS] in front and [SEP] at the end. */
  encode(sentence: string): readonly number[];
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/**
 * A tokenizer of the vocabulary in the bytes of a `vocab.txt`.
 *
 * @param file what errors call it
 * @throws VOCABULARY without a vocabulary, or if a special token is missing or a token there twice; TOKENIZER if the library is not installed
 */
export async function wordPiece(bytes: Uint8Array | undefined, file: string): Promise<WordPiece> {
  if (!bytes || bytes.length === 0)
    fail(
      'VOCABULARY',
      `A tokenizer needs its vocabulary, and ${file} ${bytes ? 'is empty' : 'is not there'}: fetch vocab.txt of bert-base-uncased.`,
    );
  const tokens = new TextDecoder()
    .decode(bytes.slice())
    .replace(/(\r?\n)+$/, '')
    .split(/\r?\n/);
  const vocab = Object.fromEntries(tokens.map((token, number) => [token, number]));
  for (const token of SPECIAL)
    if (!Object.hasOwn(vocab, token))
      fail(
        'VOCABULARY',
        `${file}: the vocabulary of ${tokens.length} lines has no ${token}: it is not BERT's.`,
      );
  if (Object.keys(vocab).length !== tokens.length) {
    const twice = tokens.findIndex((token, number) => vocab[token] !== number);
    fail(
      'VOCABULARY',
      `${file}: line ${twice + 1}, ${JSON.stringify(tokens[twice])}, is there twice: fetch it again.`,
    );
  }
  const { Tokenizer } = await library();
  const tokenizer = new Tokenizer(description(vocab), { model_max_length: 512 });
  return {
    size: tokens.length,
    encode: (sentence) => tokenizer.encode(sentence).ids,
  };
}

/** What is used of the library. Its own types import one another without extensions, which Node's resolution does not follow. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => { encode(text: string): { readonly ids: readonly number[] } };
}

async function library(): Promise<Library> {
  try {
    return await import('@huggingface/tokenizers');
  } catch (error) {
    return fail(
      'TOKENIZER',
      'The library @huggingface/tokenizers is not installed, and WordPiece is its work: npm install @huggingface/tokenizers.',
      { cause: error },
    );
  }
}

/** What `tokenizer.json` of bert-base-uncased says, about any vocabulary. */
function description(vocab: Readonly<Record<string, number>>): object {
  const special = (token: string): object => ({ id: token, type_id: 0 });
  return {
    version: '1.0',
    added_tokens: SPECIAL.map((content) => ({
      id: vocab[content],
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: special('[CLS]') },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: special('[SEP]') },
      ],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
