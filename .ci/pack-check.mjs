/**
 * The package as users get it: packs it once, has publint and attw look at the tarball, installs it into
 * an empty project, and uses it there: its exports, its types, its command, two nodes that meet over the
 * loopback interface, and the simulator (`consumer/`).
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TIMEOUT_MS = 120_000

/** Runs a command in a folder and shows what it prints; throws unless it succeeds. */
function run(folder, command, ...args) {
  process.stdout.write(`-- ${command} ${args.join(' ')}\n`)
  execFileSync(command, args, { cwd: folder, stdio: 'inherit', timeout: TIMEOUT_MS })
}

/** Runs a command and gives back what it prints. */
function read(folder, command, ...args) {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', timeout: TIMEOUT_MS }).trim()
}

function expect(condition, message) {
  if (!condition) throw new Error(message)
}

const tool = (name) => join(ROOT, 'node_modules', '.bin', name)

function checkTarball(folder) {
  run(ROOT, 'npm', 'pack', '--silent', '--pack-destination', folder)
  const tarball = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  )
  run(ROOT, tool('publint'), 'run', tarball, '--strict')
  run(ROOT, tool('attw'), tarball, '--profile', 'esm-only', '--no-emoji')
  return tarball
}

function checkInstalled(folder, tarball) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  cpSync(join(ROOT, '.ci', 'consumer'), folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball)
  run(folder, 'node', 'exports.mjs')
  run(folder, 'node', 'exchange.mjs')
  run(folder, 'node', 'simulate.mjs')
  run(folder, tool('tsc'), '-p', '.')
  const shown = read(folder, 'npx', '--no-install', 'earshot', '--version')
  expect(shown === version, `earshot --version says ${shown}, package.json ${version}`)
  const help = read(folder, 'npx', '--no-install', 'earshot', '--help')
  expect(/usage/i.test(help), 'earshot --help shows no usage')
  run(folder, 'npx', '--no-install', 'earshot', 'sim', './scenario.mjs', '--seeds', '3')
  process.stdout.write(`-- earshot ${shown}: --version and --help answer\n`)
}

const folder = mkdtempSync(join(tmpdir(), 'earshot-package-'))
try {
  checkInstalled(folder, checkTarball(folder))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
