/**
 * The rolling hash of everything that happened: two lanes of 32 bits, printed as 16 hexadecimal digits. Two
 * runs with the same hash went the same way; the moment from which two runs differ is found by comparing the
 * hash at ever closer times. It guards against accidents, not against anybody who wants a collision.
 */
import { mix } from './random.ts'

export class Trace {
  #a = 0x243f6a88
  #b = 0x85a308d3
  #count = 0

  /** How many notes were taken. */
  get count(): number {
    return this.#count
  }

  note(x: number, y: number, z: number): void {
    this.#count++
    this.#a = mix((this.#a + Math.imul(x, 0x9e3779b1) + Math.imul(y, 0x85ebca77)) | 0)
    this.#b = (Math.imul(this.#b ^ z, 0xc2b2ae3d) + this.#a) | 0
  }

  noteBytes(bytes: Uint8Array): void {
    let b = this.#b ^ bytes.length
    for (let i = 0; i < bytes.length; i++) b = Math.imul(b ^ bytes[i]!, 0x01000193)
    this.#b = b
  }

  digest(): string {
    return [mix(this.#a ^ this.#b), mix(this.#b + this.#count)]
      .map((lane) => lane.toString(16).padStart(8, '0'))
      .join('')
  }
}
