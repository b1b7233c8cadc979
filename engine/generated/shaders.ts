/** Written by tools/generate-shaders.ts from shaders/*.wgsl. Do not edit: run `npm run generate`. */

export const shaders = {} as const;
