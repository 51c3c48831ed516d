// The package's own index makes a module of WebAssembly when it is loaded, which the page's policy does not allow.

declare module "hyparquet-compressors/src/brotli.js" {
  export function decompressBrotli(input: Uint8Array, size: number): Uint8Array;
}

declare module "hyparquet-compressors/src/lz4.js" {
  export function decompressLz4(input: Uint8Array, size: number): Uint8Array;
  export function decompressLz4Raw(input: Uint8Array, size: number): Uint8Array;
}
