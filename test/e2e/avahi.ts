/**
 * Avahi on a host of a test network: Debian's mDNS responder, as a counterpart that shares no line of code with ours.
 * It runs with a message bus of its own, whose socket lies in a folder that goes with the test; what else it writes is
 * in a `/run` that only its process sees.
 */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { Facts } from './facts.ts'

const PROGRAMS = ['avahi-daemon', 'avahi-browse', 'avahi-publish', 'dbus-daemon']

/** Why there is no Avahi here, or `undefined` when there is. */
export const WHY_NO_AVAHI: string | undefined = findObstacle()

function findObstacle(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  const missing = PROGRAMS.find((name) => !folders.some((folder) => existsSync(join(folder, name))))
  return missing === undefined ? undefined : `needs ${missing}`
}

interface Spawner {
  spawn(command: string, args: readonly string[]): ChildProcess
}

/** A running program: what it prints, line by line. */
export class Program {
  readonly process: ChildProcess
  readonly lines: string[] = []
  readonly #facts = new Facts()

  constructor(process: ChildProcess) {
    this.process = process
    for (const output of [process.stdout!, process.stderr!]) {
      createInterface({ input: output }).on('line', (line) => {
        this.lines.push(line)
        this.#facts.changed()
      })
    }
  }

  /** Waits for a line, printed from the given one on. */
  line(pattern: RegExp, from = 0): Promise<string> {
    return this.#facts.until(
      String(pattern),
      () => this.lines.slice(from).find((line) => pattern.test(line)),
      () => this.lines.join('\n'),
    )
  }
}

/** `$1`: the folder. `ip netns exec` has given the process a mount namespace of its own. */
const DAEMONS = `
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/avahi-daemon /run/dbus
cat > /run/bus.conf <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$1/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_type="method_call"/>
    <allow send_destination="*"/> <allow receive_sender="*"/>
  </policy>
</busconfig>
END
cat > /run/avahi.conf <<END
[server]
host-name=elsewhere
use-ipv6=no
allow-interfaces=eth0
[wide-area]
enable-wide-area=no
END
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$1/bus
dbus-daemon --config-file=/run/bus.conf --fork --nopidfile
exec avahi-daemon -f /run/avahi.conf --no-drop-root --no-chroot --no-rlimits
`

export class Avahi {
  readonly #host: Spawner
  readonly #folder: string

  private constructor(host: Spawner, folder: string) {
    this.#host = host
    this.#folder = folder
  }

  /** Starts it; it ends with the host. */
  static async on(host: Spawner): Promise<Avahi> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-avahi-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const daemons = new Program(host.spawn('sh', ['-c', DAEMONS, 'avahi', folder]))
    await daemons.line(/Server startup complete/)
    return new Avahi(host, folder)
  }

  /** `avahi-browse`, which prints a line with `+`, `=` or `-` for what appears, is resolved and goes. */
  browse(...args: string[]): Program {
    return this.#run('avahi-browse', ...args, '_zre._tcp')
  }

  /** Publishes a service until the program ends. */
  async publish(name: string, port: number, ...texts: string[]): Promise<Program> {
    const program = this.#run('avahi-publish', '-s', name, '_zre._tcp', String(port), ...texts)
    await program.line(/^Established under name/)
    return program
  }

  #run(...command: string[]): Program {
    const bus = `DBUS_SYSTEM_BUS_ADDRESS=unix:path=${this.#folder}/bus`
    // The C library buffers what goes into a pipe.
    return new Program(this.#host.spawn('env', [bus, 'stdbuf', '-oL', ...command]))
  }
}
