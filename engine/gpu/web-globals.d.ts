/**
 * The few globals that every place the engine runs in (Node, browsers, workers) has in common, and that
 * @webgpu/types leans on. The engine's projects load neither the DOM's nor Node's types, so that using anything
 * beyond this list is a type error; that is how the compiler keeps the engine free of its platform.
 */

type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
}

interface Event {
  readonly type: string;
  preventDefault(): void;
}

interface EventTarget {
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

interface DOMException extends Error {
  readonly name: string;
  readonly message: string;
}

declare const performance: {
  /** Milliseconds since an arbitrary origin, monotonic. */
  now(): number;
};

declare const console: {
  warn(...message: unknown[]): void;
};

declare function queueMicrotask(task: () => void): void;

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  decode(bytes?: BufferSource): string;
}
