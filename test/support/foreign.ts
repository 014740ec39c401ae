/** Nodes that announce no extensions of ours: as far as others can tell, of another implementation. */
import type * as options from '../../src/runtime/options.ts'

type Module = typeof options

/** For `vi.mock` of `src/runtime/options.ts`: nodes whose name begins with `foreign` do without the header `X-EARSHOT`. */
export async function withForeignNodes(importActual: () => Promise<Module>): Promise<Module> {
  const actual = await importActual()
  return {
    ...actual,
    checkOptions: (given, entropy) => {
      const checked = actual.checkOptions(given, entropy)
      if (given.name?.startsWith('foreign') !== true) return checked
      const headers = new Map(checked.engine.headers)
      headers.delete('X-EARSHOT')
      return { ...checked, engine: { ...checked.engine, headers } }
    },
  }
}
