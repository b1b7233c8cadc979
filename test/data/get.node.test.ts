import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  get,
  getArchive,
  getFiles,
  type DataArchive,
  type DataFile,
  type GetOptions,
} from '../../data/node/index.ts';
import { coded } from './bytes.ts';

/** The content of a small file, by its name. */
const contentOf = (name: string): Uint8Array =>
  Uint8Array.from({ length: 20_000 }, (_, i) => (i < 2 ? 0 : (i * i * name.charCodeAt(0)) % 253));
const compressedOf = (name: string): Uint8Array => gzipSync(contentOf(name));
const files: readonly DataFile[] = ['a-ubyte', 'b-ubyte'].map((name) => ({
  name,
  bytes: 20_000,
  sha256: createHash('sha256').update(contentOf(name)).digest('hex'),
}));

type Answer = (response: ServerResponse, file: string, request: IncomingMessage) => void;

const sound: Answer = (response, file) => {
  response.end(compressedOf(file));
};

let server: Server;
let base: string;
let directory: string;
let requests: string[];
/** The answers to successive requests for one path; the last one repeats. */
let script: Record<string, Answer[]>;

beforeEach(async () => {
  requests = [];
  script = {};
  directory = await mkdtemp(join(tmpdir(), 'langevin-get-'));
  server = createServer((request, response) => {
    const url = request.url ?? '/';
    requests.push(url);
    const answers = script[url];
    const answer = (answers && answers.length > 1 ? answers.shift() : answers?.[0]) ?? sound;
    answer(response, (url.split('/').at(-1) ?? '').replace('.gz', ''), request);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(directory, { recursive: true, force: true });
});

const fetchAll = (options: GetOptions = {}): ReturnType<typeof getFiles> =>
  getFiles('small', files, {
    directory,
    mirrors: [`${base}/one/`, `${base}/two/`],
    backoff: 1,
    timeout: 2000,
    ...options,
  });
const present = async (): Promise<string[]> => (await readdir(join(directory, 'small'))).toSorted();
const complete = ['a-ubyte.gz', 'b-ubyte.gz'];

describe('get', () => {
  it('fetches every file, gives it its name last, and reports progress', async () => {
    const seen: number[] = [];
    const got = await fetchAll({ onProgress: ({ received, total }) => seen.push(received / (total ?? NaN)) });
    expect(got.map((file) => file.from)).toEqual([`${base}/one/a-ubyte.gz`, `${base}/one/b-ubyte.gz`]);
    expect(await present()).toEqual(complete);
    expect(new Uint8Array(await readFile(got[0]?.path ?? ''))).toEqual(
      new Uint8Array(compressedOf('a-ubyte')),
    );
    expect(seen.at(-1)).toBe(1);
  });

  it('uses what is there without asking the network', async () => {
    await fetchAll();
    requests.length = 0;
    const got = await fetchAll({ fetch: () => Promise.reject(new Error('offline')) });
    expect(got.map((file) => file.from)).toEqual(['cache', 'cache']);
    expect(requests).toEqual([]);
  });

  it('accepts a file that is there decompressed', async () => {
    await mkdir(join(directory, 'small'));
    await writeFile(join(directory, 'small', 'a-ubyte'), contentOf('a-ubyte'));
    expect((await fetchAll())[0]?.from).toBe('cache');
  });

  it('puts a file that is there and damaged aside and fetches it again', async () => {
    await mkdir(join(directory, 'small'));
    await writeFile(join(directory, 'small', 'a-ubyte.gz'), compressedOf('a-ubyte').subarray(0, 99));
    expect((await fetchAll())[0]?.from).toBe(`${base}/one/a-ubyte.gz`);
    expect(await present()).toEqual(['a-ubyte.gz', 'a-ubyte.gz.bad', 'b-ubyte.gz']);
  });

  it('tries again when the connection drops half way', async () => {
    const half: Answer = (response, file) => {
      const body = compressedOf(file);
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    };
    script['/one/a-ubyte.gz'] = [half, half, sound];
    expect((await fetchAll())[0]?.from).toBe(`${base}/one/a-ubyte.gz`);
    expect(requests.filter((url) => url === '/one/a-ubyte.gz')).toHaveLength(3);
    expect(await present()).toEqual(complete);
  });

  it('tries again when the server drops the connection, is busy or fails', async () => {
    const status =
      (code: number, headers: Record<string, string> = {}): Answer =>
      (response) => {
        response.writeHead(code, headers).end('<html>busy</html>');
      };
    const drop: Answer = (response) => {
      response.destroy();
    };
    script['/one/a-ubyte.gz'] = [drop, status(429, { 'retry-after': '0' }), status(503), sound];
    expect((await fetchAll())[0]?.from).toBe(`${base}/one/a-ubyte.gz`);
  });

  it('tries again when the server falls silent', async () => {
    script['/one/a-ubyte.gz'] = [() => undefined, sound];
    expect((await fetchAll({ timeout: 100 }))[0]?.from).toBe(`${base}/one/a-ubyte.gz`);
  });

  it('takes the next mirror after a 404, at once', async () => {
    script['/one/a-ubyte.gz'] = [(response) => response.writeHead(404).end()];
    expect((await fetchAll())[0]?.from).toBe(`${base}/two/a-ubyte.gz`);
    expect(requests.filter((url) => url === '/one/a-ubyte.gz')).toHaveLength(1);
  });

  it('takes the next mirror after a web page, a wrong content or a cut file, which become .bad', async () => {
    const wrong: Uint8Array[] = [
      new TextEncoder().encode('<!DOCTYPE html><title>Quota exceeded</title>'),
      compressedOf('b-ubyte'),
      compressedOf('a-ubyte').subarray(0, -20),
      Buffer.concat([compressedOf('a-ubyte'), new Uint8Array(64)]),
    ];
    for (const body of wrong) {
      script['/one/a-ubyte.gz'] = [(response) => response.end(body)];
      expect((await fetchAll())[0]?.from).toBe(`${base}/two/a-ubyte.gz`);
      expect(await present()).toEqual(['a-ubyte.gz', 'a-ubyte.gz.bad', 'b-ubyte.gz']);
      expect(new Uint8Array(await readFile(join(directory, 'small', 'a-ubyte.gz.bad')))).toEqual(
        new Uint8Array(body),
      );
      await rm(join(directory, 'small'), { recursive: true });
    }
  });

  it('follows redirects, relative ones too', async () => {
    script['/one/a-ubyte.gz'] = [
      (response) => response.writeHead(302, { location: '../two/a-ubyte.gz' }).end(),
    ];
    expect(await fetchAll()).toHaveLength(2);
    expect(requests).toContain('/two/a-ubyte.gz');
  });

  it('gives up on a redirect loop and on a redirect away from HTTP', async () => {
    const mirrors = [`${base}/one/`];
    script['/one/a-ubyte.gz'] = [
      (response) => response.writeHead(302, { location: '/one/a-ubyte.gz' }).end(),
    ];
    await expect(fetchAll({ mirrors })).rejects.toThrowError(coded('DOWNLOAD_FAILED', /more than 5 times/));
    script['/one/a-ubyte.gz'] = [
      (response) => response.writeHead(302, { location: 'file:///etc/hosts' }).end(),
    ];
    await expect(fetchAll({ mirrors })).rejects.toThrowError(coded('DOWNLOAD_FAILED', /no HTTP address/));
    expect(await present()).toEqual([]);
  });

  it('names every mirror and its failure, and the next step, when none gives the file', async () => {
    script['/one/a-ubyte.gz'] = [(response) => response.writeHead(404).end()];
    script['/two/a-ubyte.gz'] = [(response) => response.writeHead(500).end()];
    await expect(fetchAll({ attempts: 2 })).rejects.toThrowError(
      coded('DOWNLOAD_FAILED', /one\/a.*404.*two\/a.*500, after 2 attempts.*--data procedural/),
    );
    expect(await present()).toEqual([]);
  });

  it('reports wrong data as corrupt when every mirror sends it', async () => {
    for (const path of ['/one/a-ubyte.gz', '/two/a-ubyte.gz'])
      script[path] = [(response) => response.end(compressedOf('b-ubyte'))];
    await expect(fetchAll()).rejects.toThrowError(coded('DATA_CORRUPT', /sha256/));
    expect(await present()).toEqual(['a-ubyte.gz.bad']);
  });

  it('stops reading a body that is larger than the file can be', async () => {
    script['/one/a-ubyte.gz'] = [(response) => response.end(new Uint8Array(1_000_000))];
    script['/two/a-ubyte.gz'] = script['/one/a-ubyte.gz'];
    await expect(fetchAll()).rejects.toThrowError(coded('DOWNLOAD_FAILED', /at most 85536 bytes/));
  });

  it('without a network says so', async () => {
    await new Promise((done) => server.close(done));
    await expect(fetchAll({ attempts: 2 })).rejects.toThrowError(
      coded('DOWNLOAD_FAILED', /connection failed .*ECONNREFUSED.*, after 2 attempts/),
    );
  });

  it('stops when aborted, during a transfer and during a pause, leaving nothing behind', async () => {
    const transfer = new AbortController();
    script['/one/a-ubyte.gz'] = [
      (response) => {
        response.write('x');
        setTimeout(() => transfer.abort(), 20);
      },
    ];
    await expect(fetchAll({ signal: transfer.signal })).rejects.toThrowError(coded('DOWNLOAD_ABORTED'));
    const waiting = new AbortController();
    script['/one/a-ubyte.gz'] = [(response) => response.writeHead(503).end()];
    setTimeout(() => waiting.abort(), 100);
    await expect(fetchAll({ signal: waiting.signal, backoff: 60_000 })).rejects.toThrowError(
      coded('DOWNLOAD_ABORTED'),
    );
    expect(await present()).toEqual([]);
  });

  it('says so when the directory cannot be made', async () => {
    await writeFile(join(directory, 'small'), 'a file in the place of the directory');
    await expect(fetchAll()).rejects.toThrowError(coded('DATA_UNWRITABLE'));
  });

  it.runIf(process.platform === 'linux')('ends below a folder in which nothing can be made', async () => {
    await expect(fetchAll({ directory: '/proc/no/such' })).rejects.toThrowError(
      coded('DATA_UNWRITABLE', /\/proc\/no\/such\/small.*ENOENT/),
    );
  });

  it('refuses a name that is not in the catalogue', async () => {
    await expect(get('mnits' as 'mnist')).rejects.toThrowError(coded('DATA_UNKNOWN', /did you mean mnist\?/));
  });
});

describe('get of an archive', () => {
  const bytes = compressedOf('archive');
  const archive: DataArchive = {
    name: 'small.tar.gz',
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
  const fetchIt = (options: GetOptions = {}): ReturnType<typeof getArchive> =>
    getArchive(archive, { directory, mirrors: [`${base}/one/`, `${base}/two/`], backoff: 1, ...options });
  const send =
    (body: Uint8Array): Answer =>
    (response) => {
      response.end(body);
    };
  beforeEach(() => {
    script['/one/small.tar.gz'] = [send(bytes)];
  });

  it('keeps it as it is in the data directory, by the hash of the file itself', async () => {
    const [got] = await fetchIt();
    expect(got).toEqual({
      path: join(directory, 'small.tar.gz'),
      sha256: archive.sha256,
      from: `${base}/one/small.tar.gz`,
    });
    expect(await readdir(directory)).toEqual(['small.tar.gz']);
    expect((await fetchIt({ mirrors: [] }))[0]?.from).toBe('cache');
  });

  it('puts one aside that is cut, other or a web page, and takes the next mirror', async () => {
    script['/two/small.tar.gz'] = [send(bytes)];
    const other = bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte));
    for (const wrong of [bytes.subarray(0, -9), other, new TextEncoder().encode('<html>moved</html>')]) {
      script['/one/small.tar.gz'] = [send(wrong)];
      expect((await fetchIt())[0]?.from).toBe(`${base}/two/small.tar.gz`);
      expect((await readdir(directory)).toSorted()).toEqual(['small.tar.gz', 'small.tar.gz.bad']);
      await rm(join(directory, 'small.tar.gz'));
    }
  });

  it('stops reading one that is larger than the published one', async () => {
    script['/one/small.tar.gz'] = [send(Buffer.concat([bytes, new Uint8Array(1)]))];
    await expect(fetchIt({ mirrors: [`${base}/one/`] })).rejects.toThrowError(
      coded('DOWNLOAD_FAILED', /at most/),
    );
    expect(await readdir(directory)).toEqual([]);
  });
});
