/**
 * The options of a node: what the application may say, checked once and completed with defaults.
 */
import { utf8Encode } from '../base/bytes.ts'
import { EarshotError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { DEFAULT_LIMITS } from '../base/limits.ts'
import { peerIdFromBytes, stampUuid } from '../base/peer-id.ts'
import { EARSHOT_HEADER } from '../mesh/links.ts'
import type { EngineOptions, Timers } from '../mesh/options.ts'
import { DEFAULT_TIMERS } from '../mesh/options.ts'
import { WHEN_FULL, type WhenFull } from '../mesh/outbox.ts'
import { BEACON_PORT } from '../zre/beacon.ts'
import { isGroupName } from '../zre/group-name.ts'
import type { MailboxOptions } from './mailboxes.ts'
import type { Entropy, NetworkInterface } from './platform.ts'

export interface NodeOptions {
  /** How others see this node; 1 to 255 bytes of UTF-8. Default: the first six digits of its id. */
  readonly name?: string
  /** Told to every peer on entering, as `X-ROLE: display`; names of 1 to 255 bytes, at most 255 of them. */
  readonly headers?: Readonly<Record<string, string>>
  /** Groups to be in from the start. */
  readonly groups?: readonly string[]
  /**
   * Where to be: names (`eth0`), addresses (`192.168.1.5`, `fe80::7%eth0`) or subnets (`10.0.0.0/8`) of network
   * interfaces; or a function that is asked of each, now and at every later look at the network (if it throws there,
   * all stays as it is). Nothing is sent on any other. Default: every usable interface; `'127.0.0.1'` keeps the node on
   * this host.
   */
  readonly interfaces?: string | readonly string[] | ((each: NetworkInterface) => boolean)
  /** Whether IPv6 is used beside IPv4, where a host has it. Without, half the beacons. Default true. */
  readonly ipv6?: boolean
  /** UDP port of the beacons; nodes with different ports do not meet. Default 5670. */
  readonly port?: number
  /** TCP port of the mailbox. Default: a random one from 49152 to 65535. */
  readonly mailboxPort?: number
  /** Milliseconds; each has its default and its meaning in `Timers`. */
  readonly timers?: Partial<Timers>
  /** Each has its default, its meaning and its reason in `Limits`. */
  readonly limits?: Partial<Limits>
  /**
   * What becomes of a shout for members whose outbox is full, because they read more slowly than we send; see
   * `WhenFull`. Whispers wait. Default `wait`.
   */
  readonly whenFull?: WhenFull
  /** The same for shouts to single groups, by name: `{ telemetry: 'drop-oldest' }`. */
  readonly whenFullIn?: Readonly<Record<string, WhenFull>>
  /** Stops the node when aborted. */
  readonly signal?: AbortSignal
}

export interface CheckedOptions {
  readonly engine: EngineOptions
  readonly mailboxes: MailboxOptions
  readonly groups: readonly string[]
  readonly whenFull: (group: string) => WhenFull
}

/** HELLO's name, endpoint, counts and the like, at the most. */
const HELLO_REST_BYTES = 1_024

/** A header of ours announces earshot's extensions; the application has the other 255 of HELLO's 256. */
const OWN_HEADERS: readonly (readonly [string, string])[] = [[EARSHOT_HEADER, '1']]

/** With less, the engine would have something to do at every moment. */
const AT_LEAST_1_MS = ['evasiveMs', 'linkProbeMs', 'linkDeadMs'] as const

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION or ERR_EARSHOT_BAD_GROUP, naming the option. */
export function checkOptions(options: NodeOptions, entropy: Entropy): CheckedOptions {
  const id = peerIdFromBytes(stampUuid(entropy.fill(new Uint8Array(16))))
  const limits = withDefaults('limits', options.limits, DEFAULT_LIMITS)
  const engine: EngineOptions = {
    id,
    name: checkName(options.name ?? id.slice(0, 6)),
    headers: checkHeaders(options.headers ?? {}, limits),
    timers: checkTimers(options.timers),
    limits,
    random: () => entropy.random(),
  }
  // A text is a list of its characters to `Set`, and one group to whoever wrote it.
  if (!Array.isArray(options.groups ?? [])) throw badOption('groups', 'a list of names')
  const groups = [...new Set(options.groups)]
  for (const group of groups) checkGroupName(group)
  checkGroupRoom(groups, limits)
  return { engine, groups, mailboxes: checkMailboxes(options), whenFull: checkWhenFull(options) }
}

/** @throws EarshotError ERR_EARSHOT_BAD_GROUP */
export function checkGroupName(group: string): void {
  if (typeof group === 'string' && isGroupName(group)) return
  throw new EarshotError(
    'ERR_EARSHOT_BAD_GROUP',
    `not a group name: ${JSON.stringify(group)} (it must have 1 to 255 bytes of UTF-8)`,
  )
}

/**
 * HELLO lists all groups, and peers take only so much of it: half of its bytes are for groups, half for headers.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_GROUP
 */
export function checkGroupRoom(groups: readonly string[], limits: Limits): void {
  const bytesMax = limits.helloBytes / 2 - HELLO_REST_BYTES
  let bytes = 0
  for (const group of groups) bytes += 4 + utf8Encode(group).length
  if (groups.length <= limits.helloGroups && bytes <= bytesMax) return
  throw new EarshotError(
    'ERR_EARSHOT_BAD_GROUP',
    `groups: ${groups.length} with ${bytes} bytes of names; a node can be in ${limits.helloGroups} groups with ${bytesMax} bytes`,
  )
}

/** The policy of each group's shouts. */
function checkWhenFull(options: NodeOptions): (group: string) => WhenFull {
  const { whenFull = 'wait', whenFullIn = {} } = options
  checkPolicy('whenFull', whenFull)
  if (typeof whenFullIn !== 'object' || whenFullIn === null) {
    throw badOption('whenFullIn', `an object: { group: '${WHEN_FULL.join(`' or '`)}' }`)
  }
  for (const [group, policy] of Object.entries(whenFullIn)) {
    checkGroupName(group)
    checkPolicy(`whenFullIn['${group}']`, policy)
  }
  const byGroup = new Map(Object.entries(whenFullIn))
  return (group) => byGroup.get(group) ?? whenFull
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
export function checkPolicy(option: string, policy: WhenFull): void {
  if (!WHEN_FULL.includes(policy)) throw badOption(option, `one of ${WHEN_FULL.join(', ')}`)
}

function checkName(name: string): string {
  if (typeof name !== 'string' || !fits(name)) throw badOption('name', '1 to 255 bytes of UTF-8')
  return name
}

function checkHeaders(
  headers: Readonly<Record<string, string>>,
  limits: Limits,
): ReadonlyMap<string, string> {
  const checked = new Map(OWN_HEADERS)
  for (const [name, value] of Object.entries(headers)) {
    if (!fits(name)) throw badOption(`headers['${name}']`, 'a name of 1 to 255 bytes of UTF-8')
    if (typeof value !== 'string') throw badOption(`headers['${name}']`, 'a string')
    if (name.toUpperCase() === EARSHOT_HEADER) {
      throw badOption(`headers['${name}']`, 'another name: this one is used by the library')
    }
    checked.set(name, value)
  }
  if (checked.size > limits.helloHeaders) {
    throw badOption('headers', `at most ${limits.helloHeaders - OWN_HEADERS.length} headers`)
  }
  let bytes = 0
  for (const [name, value] of checked) bytes += 5 + utf8Encode(name + value).length
  if (bytes > limits.helloBytes / 2) {
    throw badOption('headers', `at most ${limits.helloBytes / 2} bytes of headers in all`)
  }
  return checked
}

function checkTimers(given: Partial<Timers> | undefined): Timers {
  const timers = withDefaults('timers', given, DEFAULT_TIMERS)
  const beaconIntervalMaxMs = given?.beaconIntervalMaxMs ?? timers.beaconIntervalMs
  // A slower beacon takes longer to be missed.
  const beaconsStoppedMs = given?.beaconsStoppedMs ?? Math.max(50, 1.5 * beaconIntervalMaxMs)
  const checked = {
    ...timers,
    beaconIntervalMaxMs,
    beaconsStoppedMs,
    ...completeSilences(given ?? {}),
  }
  for (const name of AT_LEAST_1_MS) {
    if (checked[name] < 1) throw badOption(`timers.${name}`, 'at least 1 ms')
  }
  if (checked.beaconIntervalMaxMs < checked.beaconIntervalMs) {
    throw badOption('timers', 'beaconIntervalMs ≤ beaconIntervalMaxMs')
  }
  if (!(checked.evasiveMs <= checked.silentMs && checked.silentMs <= checked.expiredMs)) {
    throw badOption('timers', 'evasiveMs ≤ silentMs ≤ expiredMs')
  }
  return checked
}

/** Of the three silences, those that are not given follow the others, so that their order holds. */
function completeSilences(
  given: Partial<Timers>,
): Pick<Timers, 'evasiveMs' | 'silentMs' | 'expiredMs'> {
  const { evasiveMs, silentMs, expiredMs } = DEFAULT_TIMERS
  const longest = given.expiredMs ?? Number.POSITIVE_INFINITY
  const silent =
    given.silentMs ??
    (given.evasiveMs === undefined
      ? Math.min(silentMs, longest / 3)
      : Math.min(2 * given.evasiveMs, Math.max(given.evasiveMs, longest)))
  return {
    evasiveMs: given.evasiveMs ?? Math.min(evasiveMs, silent / 2),
    silentMs: silent,
    expiredMs: given.expiredMs ?? Math.max(expiredMs, 3 * silent),
  }
}

function checkMailboxes(options: NodeOptions): MailboxOptions {
  const { interfaces } = options
  const list = typeof interfaces === 'string' ? [interfaces] : interfaces
  const isList = Array.isArray(list) && list.length > 0 && !list.some(isNoText)
  if (list !== undefined && typeof list !== 'function' && !isList) {
    const wanted = 'at least one name, address or subnet, or a function; leave it out for all'
    throw badOption('interfaces', wanted)
  }
  return {
    interfaces: list,
    ipv6: options.ipv6 ?? true,
    beaconPort: checkPort('port', options.port ?? BEACON_PORT),
    mailboxPort:
      options.mailboxPort === undefined ? undefined : checkPort('mailboxPort', options.mailboxPort),
  }
}

function isNoText(value: unknown): boolean {
  return typeof value !== 'string'
}

function checkPort(option: string, port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw badOption(option, 'a port from 1 to 65535')
  }
  return port
}

/** Numbers, finite and not negative; unknown names are an error, because a typo would go unnoticed. */
export function withDefaults<T extends object>(
  option: string,
  given: Partial<T> | undefined,
  defaults: T,
): T {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(defaults, name)) {
      throw badOption(`${option}.${name}`, `one of ${Object.keys(defaults).join(', ')}`)
    }
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw badOption(`${option}.${name}`, 'a number that is not negative')
    }
  }
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(set) }
}

function fits(text: string): boolean {
  const { length } = utf8Encode(text)
  return length >= 1 && length <= 255
}

/** For every option of the library: what is wrong with it, and what was expected. */
export function badOption(option: string, wanted: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: expected ${wanted}`)
}
