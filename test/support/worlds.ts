/** Networks in memory for tests of whole nodes, each checked and stopped after its test. */
import { afterEach, expect } from 'vitest'
import { World } from './memory-platform.ts'

/** To be called once at the top of a test file; gives the maker of worlds. */
export function useWorlds(): () => World {
  const worlds: World[] = []
  // Whatever a test did: nothing stays open, nothing was thrown at nobody.
  afterEach(async () => {
    for (const each of worlds.splice(0)) {
      await each.stop()
      for (const host of each.hosts) {
        expect(host.uncaught).toEqual([])
        expect([host.streams.size, host.ports.size, host.listening.size]).toEqual([0, 0, 0])
      }
    }
  })
  return () => {
    const made = new World()
    worlds.push(made)
    return made
  }
}
