/** wgsl_reflect ships its ES module without an `exports` entry, so its types do not follow the file that Node can load. */
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export { WgslReflect, ResourceType } from 'wgsl_reflect';
}
