/**
 * Types for the entry of msgpackr that `msgpack.ts` imports; the package ships none for it. Only what
 * is used there, and exact where msgpackr's own declarations are not (`int64AsType`, `skipValues`).
 */
declare module 'msgpackr/index-no-eval' {
  export interface PackrOptions {
    readonly useRecords: false
    readonly mapsAsObjects: true
    readonly moreTypes: false
    readonly structuredClone: false
    readonly bundleStrings: false
    readonly copyBuffers: true
    readonly int64AsType: 'auto'
    readonly variableMapSize: true
    readonly skipValues: readonly unknown[]
    readonly encodeUndefinedAsNil: true
    readonly writeFunction: () => never
  }

  export class Packr {
    constructor(options: PackrOptions)
    /** A view of memory that is shared with other results, and that nothing writes to any more. */
    pack(value: unknown): Uint8Array
    unpack(bytes: Uint8Array): unknown
  }

  /** Registers a class with this copy of msgpackr; `write` gives back what is packed in its place. */
  export function addExtension(extension: {
    readonly Class: { [Symbol.hasInstance](value: unknown): boolean }
    readonly write: (value: object) => unknown
  }): void
}
