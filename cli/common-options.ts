/**
 * The options that every verb understands, before or after the verb, each with its environment variable; and the
 * settings that come of them.
 */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { DiscoveryOptions } from '../src/index.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { durationOption, parseHeader, portOption, repeatedOption } from './parsers.ts'

/** What the user wants of the node, and of the output. */
export interface Settings {
  readonly name: string
  /** `undefined`: every usable interface. */
  readonly interfaces: readonly string[] | undefined
  readonly port: number
  /** `undefined`: a random one. */
  readonly mailboxPort: number | undefined
  readonly ipv6: boolean
  /** Ways of discovery beside beacons. */
  readonly ways: DiscoveryOptions
  readonly groups: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly json: boolean
  readonly quiet: boolean
  /** The longest wait of the verb; `undefined`: as the verb has it. */
  readonly timeoutMs: number | undefined
}

const BEACON_PORT = 5670

interface CommonValues {
  readonly name: string
  readonly interface?: readonly string[]
  readonly port: number
  readonly mailboxPort?: number
  readonly ipv6?: boolean
  readonly mdns?: boolean
  readonly connect?: readonly string[]
  readonly gossip?: readonly string[]
  readonly gossipBind?: string
  readonly group?: readonly string[]
  readonly header?: readonly string[]
  readonly json?: boolean
  readonly quiet?: boolean
  readonly timeout?: number
}

export function addCommonOptions(program: Command, hostName: string): void {
  const options = [
    new Option('-n, --name <name>', 'how others see this node').default(shortName(hostName)),
    new Option(
      '-i, --interface <name>',
      'stay on this network interface (name, address or subnet), instead of all; repeatable',
    ).argParser(repeatedOption),
    new Option(
      '-p, --port <port>',
      'UDP port of the beacons; nodes with different ports do not meet',
    )
      .default(BEACON_PORT)
      .argParser(portOption),
    new Option(
      '--mailbox-port <port>',
      'TCP port for links from peers, instead of a random one',
    ).argParser(portOption),
    new Option(
      '--connect <endpoint>',
      'a peer is there: tcp://host:port, where beacons do not reach; repeatable',
    ).argParser(repeatedOption),
    new Option(
      '--gossip <endpoint>',
      'learn of peers from this gossip hub: tcp://host:port; repeatable',
    ).argParser(repeatedOption),
    new Option('--gossip-bind <endpoint>', 'be a gossip hub there: tcp://address:port'),
    new Option('--no-mdns', 'neither announce this node by mDNS nor look for others'),
    new Option('--no-ipv6', 'use IPv4 only'),
    new Option('-g, --group <group>', 'be in this group; repeatable').argParser(repeatedOption),
    new Option('--header <key=value>', 'tell peers this about the node; repeatable').argParser(
      repeatedOption,
    ),
    new Option('-j, --json', 'write NDJSON: one object a line, with a versioned "type"'),
    new Option('-t, --timeout <time>', 'longest wait: 5, 5s, 500ms, 2m').argParser(durationOption),
    new Option('-q, --quiet', 'no warnings and notes on stderr'),
  ]
  for (const option of options) program.addOption(option.env(variableOf(option)))
}

/** `--mailbox-port` is `EARSHOT_MAILBOX_PORT`. */
function variableOf(option: Option): string {
  return `EARSHOT_${option.name().toUpperCase().replaceAll('-', '_')}`
}

/** The host name without its domain, or the program's own where the host has none of usable length. */
export function shortName(hostName: string): string {
  const [first = ''] = hostName.split('.')
  const { length } = new TextEncoder().encode(first)
  return length >= 1 && length <= 255 ? first : 'earshot'
}

const FALSE_WORDS: ReadonlySet<string> = new Set(['0', 'false', 'no', 'off'])

/**
 * Removes variables that say nothing: empty ones, and switches that are off. Commander takes any value of
 * `EARSHOT_JSON`, even `0`, for "on". To be called before parsing.
 */
export function tidyEnvironment(program: Command, env: Record<string, string | undefined>): void {
  for (const option of program.options) {
    const value = option.envVar === undefined ? undefined : env[option.envVar]
    if (value === undefined) continue
    const isOff =
      (option.isBoolean() || option.negate) && FALSE_WORDS.has(value.trim().toLowerCase())
    if (value.trim() === '' || isOff) delete env[option.envVar!]
  }
}

/** @throws CliError for a header that is none. */
export function settingsOf(command: Command): Settings {
  const values = command.optsWithGlobals<CommonValues>()
  const headers = listOf(command, 'header', values.header) ?? []
  return {
    name: values.name,
    interfaces: listOf(command, 'interface', values.interface),
    port: values.port,
    mailboxPort: values.mailboxPort,
    ipv6: values.ipv6 !== false,
    ways: waysOf(command, values),
    groups: listOf(command, 'group', values.group) ?? [],
    headers: Object.fromEntries(headers.map(headerOf)),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    timeoutMs: values.timeout,
  }
}

function waysOf(command: Command, values: CommonValues): DiscoveryOptions {
  const peers = listOf(command, 'connect', values.connect)
  const connect = listOf(command, 'gossip', values.gossip)
  const bind = values.gossipBind
  const gossip = { ...(bind !== undefined && { bind }), ...(connect !== undefined && { connect }) }
  return {
    mdns: values.mdns !== false,
    ...(peers !== undefined && { peers }),
    ...((bind ?? connect) !== undefined && { gossip }),
  }
}

/** A list from the command line is as given; one from a variable is split at its commas. */
function listOf(
  command: Command,
  name: string,
  values: readonly string[] | undefined,
): readonly string[] | undefined {
  if (command.getOptionValueSourceWithGlobals(name) !== 'env') return values
  return values?.flatMap((value) => value.split(',')).map((value) => value.trim())
}

function headerOf(text: string): readonly [string, string] {
  const header = parseHeader(text)
  if (header !== undefined) return header
  throw new CliError(ExitCode.usage, `header '${text}' is invalid: expected NAME=VALUE`)
}
