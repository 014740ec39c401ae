/**
 * Fails on a Node.js older than package.json asks for. It says `>=major.minor`; nothing else is read.
 */
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node).map(Number)
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number)
process.stdout.write(`Node.js ${process.versions.node}; wanted: ${engines.node}\n`)
if (ownMajor < major || (ownMajor === major && ownMinor < minor)) process.exitCode = 1
