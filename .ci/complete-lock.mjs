/**
 * Completes package-lock.json with the optional packages of other platforms that it lacks.
 *
 * npm writes into the lock only what its registry could show it. A mirror that carries the prebuilt
 * packages of one platform leaves holes, and `npm ci` then refuses the lock on every machine. An entry
 * with `os` and `cpu` is all npm needs to pass a package by; where it does fit, npm asks the registry
 * there. Such an entry has no integrity: nobody here has seen the package.
 *
 * Run `npm run lock` after every `npm install <package>`; `test/tidy` fails when it is due.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const SYSTEMS = /\b(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)\b/
const PROCESSORS = /\b(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)\b/
const LIBRARIES = /\b(gnu|musl)(eabihf)?\b/

/** What the name of a prebuilt package says about where it runs, as in `@a/b-linux-arm-gnueabihf`. */
function platformOf(name) {
  const os = SYSTEMS.exec(name)?.[1]
  const cpu = PROCESSORS.exec(name)?.[1]
  const libc = os === 'linux' ? LIBRARIES.exec(name)?.[1] : undefined
  if (os === undefined || cpu === undefined) throw new Error(`${name} does not tell its platform`)
  return { cpu: [cpu], libc: libc && [libc === 'gnu' ? 'glibc' : 'musl'], os: [os] }
}

/** The entries that are named as optional dependencies in the lock but are not in it. */
function missingEntries(packages) {
  const paths = Object.keys(packages)
  const missing = new Map()
  for (const [owner, { optionalDependencies, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      if (paths.some((path) => path.endsWith(`node_modules/${name}`))) continue
      if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name} ${version} is not one version`)
      const folder = owner.slice(0, owner.lastIndexOf('node_modules/'))
      const { cpu, libc, os } = platformOf(name)
      // In npm's own order of keys, so that its next rewrite changes nothing. JSON drops `undefined`.
      missing.set(`${folder}node_modules/${name}`, { version, cpu, dev, libc, optional: true, os })
    }
  }
  return missing
}

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = missingEntries(lock.packages)
const entries = [...Object.entries(lock.packages), ...missing]
const [root, ...rest] = entries
rest.sort(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = Object.fromEntries([root, ...rest])
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`package-lock.json: ${missing.size} entries added\n`)
