/** Standing in for a method of WebGPU, on every object of its class. */

/** Gives `prototype` another method until the function that it returns is called. */
export function replaceMethod<P extends object>(
  prototype: P,
  name: keyof P & string,
  method: (this: P, ...args: never[]) => unknown,
): () => void {
  const original = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  return () => {
    Object.defineProperty(prototype, name, original);
  };
}
