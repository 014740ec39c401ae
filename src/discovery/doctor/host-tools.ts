/** How the host is asked: its commands, its files. Nothing here changes anything. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type Ran =
  | { readonly kind: 'done'; readonly output: string }
  | { readonly kind: 'missing' } // no such command here
  | { readonly kind: 'failed'; readonly output: string }

export interface HostTools {
  /** As `process.platform`. */
  readonly os: string
  /** Runs a command, for a few seconds at most. Never rejects. */
  run(command: string, args: readonly string[]): Promise<Ran>
  /** `undefined` where there is none that we may read. */
  read(path: string): string | undefined
  exists(path: string): boolean
  list(path: string): readonly string[]
  /** Where a symbolic link leads. */
  follow(path: string): string | undefined
}

const RUN_MS = 4_000
/** Bytes: the rules of a router may be long. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024

export const hostTools: HostTools = {
  os: process.platform,
  run: (command, args) =>
    new Promise((resolve) => {
      // Packet filters are in folders that only root has in its path.
      const path = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
      const env = { ...process.env, PATH: path, LC_ALL: 'C' }
      const options = { env, timeout: RUN_MS, maxBuffer: OUTPUT_BYTES_MAX }
      execFile(command, [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', output: stdout })
        else if (error.code === 'ENOENT') resolve({ kind: 'missing' })
        else resolve({ kind: 'failed', output: `${stdout}${stderr}` })
      })
    }),
  read: (path) => tried(() => readFileSync(path, 'utf8')),
  exists: (path) => existsSync(path),
  list: (path) => tried(() => readdirSync(path)) ?? [],
  follow: (path) => tried(() => readlinkSync(path)),
}

function tried<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch {
    return undefined
  }
}
