/**
 * One file over HTTP, whole or not at all. What may pass by itself (a lost connection, a busy server) is
 * tried again with growing pauses; what will not (no such file) is given up at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { fail, LangevinError } from '../../engine/graph/errors.ts';

/** How to fetch; every field has a default that suits a person waiting at a terminal. */
export interface FetchOptions {
  /** Replaces the global `fetch`, as a test does. */
  readonly fetch?: typeof globalThis.fetch;
  /** Called as bytes arrive. `total` is what the server announced, if it did. */
  readonly onProgress?: (progress: { url: string; received: number; total?: number }) => void;
  /** Gives up when aborted: `DOWNLOAD_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Attempts per address. Default 4. */
  readonly attempts?: number;
  /** Pause before the second attempt in milliseconds; it doubles with each. Default 500. */
  readonly backoff?: number;
  /** Longest silence of the server in milliseconds. Default 30,000. */
  readonly timeout?: number;
}

const MAX_REDIRECTS = 5;
const MAX_PAUSE = 30_000; // milliseconds: a server that asks for more is treated as failed by the next attempt

/** A failure that another attempt may not meet. `retryAfter` is the pause the server asked for, if any, in ms. */
class Transient extends Error {
  readonly retryAfter: number | undefined;

  constructor(message: string, retryAfter?: number, cause?: unknown) {
    super(message, { cause });
    this.retryAfter = retryAfter;
  }
}

/** Where the bytes of a body go as they come. */
export interface Sink<T> {
  write(chunk: Uint8Array): void | Promise<void>;
  /** What the whole body is, called once it is there. */
  end(): T | Promise<T>;
}

/** {@link fetchInto} memory. */
export async function fetchFile(url: string, limit: number, options: FetchOptions = {}): Promise<Uint8Array> {
  const open = (): Sink<Uint8Array> => {
    const chunks: Uint8Array[] = [];
    return { write: (chunk) => void chunks.push(chunk), end: () => Buffer.concat(chunks) };
  };
  return fetchInto(url, limit, open, options);
}

/**
 * The body at `url`.
 * @param limit the most bytes it may have.
 * @param open makes an empty sink, for each attempt one; what it throws as a `LangevinError` ends the attempts.
 * @throws `DOWNLOAD_FAILED` after the last attempt, or at once for what another attempt cannot mend;
 *   `DOWNLOAD_ABORTED`.
 */
export async function fetchInto<T>(
  url: string,
  limit: number,
  open: () => Sink<T> | Promise<Sink<T>>,
  options: FetchOptions = {},
): Promise<T> {
  const { attempts = 4, backoff = 500, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchOnce(url, limit, await open(), options);
    } catch (error) {
      if (signal?.aborted)
        fail('DOWNLOAD_ABORTED', `${url}: the download was stopped; start it again at any time.`);
      if (!(error instanceof Transient)) throw error;
      if (attempt >= attempts)
        fail('DOWNLOAD_FAILED', `${url}: ${error.message}, after ${attempts} attempts.`, { cause: error });
      const wait = Math.min(MAX_PAUSE, error.retryAfter ?? backoff * 2 ** (attempt - 1));
      await pause(wait, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
}

async function fetchOnce<T>(url: string, limit: number, sink: Sink<T>, options: FetchOptions): Promise<T> {
  const { signal, timeout = 30_000 } = options;
  const silence = new AbortController();
  const stop = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
  const timer = setTimeout(() => silence.abort(), timeout);
  try {
    const response = await follow(url, options.fetch ?? globalThis.fetch, stop);
    await checkStatus(response, url);
    return await readBody(response, url, limit, sink, options, () => timer.refresh());
  } catch (error) {
    if (error instanceof LangevinError || error instanceof Transient) throw error;
    if (silence.signal.aborted) throw new Transient(`no byte came for ${timeout} ms`, undefined, error);
    throw new Transient(`the connection failed (${reason(error)})`, undefined, error);
  } finally {
    clearTimeout(timer);
  }
}

/** Redirects are followed here rather than by fetch, so that a loop is told apart from a lost connection. */
async function follow(url: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<Response> {
  let address = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await fetch(address, { redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, address) ? new URL(location, address) : undefined;
    if (!next || !/^https?:$/.test(next.protocol))
      return fail('DOWNLOAD_FAILED', `${url}: redirected to ${location}, which is no HTTP address.`);
    address = next.href;
  }
  return fail('DOWNLOAD_FAILED', `${url}: redirected more than ${MAX_REDIRECTS} times, last to ${address}.`);
}

async function checkStatus(response: Response, url: string): Promise<void> {
  if (response.ok) return;
  await response.body?.cancel();
  const { status } = response;
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? NaN);
    throw new Transient(
      `the server answered ${status}`,
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }
  fail('DOWNLOAD_FAILED', `${url}: the server answered ${status}.`);
}

async function readBody<T>(
  response: Response,
  url: string,
  limit: number,
  sink: Sink<T>,
  options: FetchOptions,
  onBytes: () => void,
): Promise<T> {
  const announced = Number(response.headers.get('content-length') ?? NaN);
  // A transfer encoding makes the announced length that of something else than the body read here.
  const total =
    Number.isFinite(announced) && !response.headers.has('content-encoding') ? announced : undefined;
  let received = 0;
  const body = response.body as AsyncIterable<Uint8Array> | null;
  for await (const chunk of body ?? noChunks()) {
    received += chunk.length;
    if (received > limit)
      return fail('DOWNLOAD_FAILED', `${url}: expected at most ${limit} bytes, and more keep coming.`);
    await sink.write(chunk);
    onBytes();
    options.onProgress?.({ url, received, ...(total === undefined ? {} : { total }) });
  }
  if (total !== undefined && received !== total)
    throw new Transient(`the body ended after ${received} of ${total} bytes`);
  return sink.end();
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // undici says only "fetch failed" or "terminated" and keeps the reason in the cause.
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
