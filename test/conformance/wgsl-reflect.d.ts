/** The ES module of wgsl_reflect that Node can load, with the part that tests use (tools/ declares the rest). */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export { detectRaces } from 'wgsl_reflect';
}
