import { write, writeSync } from 'node:fs'
import { hasCode } from './errors.ts'

/** Takes whole lines, each with its end. */
export interface LogOutput {
  write(line: string): void
}

export interface LogOutputOptions {
  /** Bytes that may wait; what is beyond is counted, and told once somebody takes lines again. */
  most?: number
  /** Makes a line of that number, with its end. */
  lostLine(lost: number): string
}

const MOST_WAITING = 1024 * 1024
/** A pipe that is full tells so, or keeps whoever writes waiting: it depends on who has made it. */
const FULL_AGAIN_MS = 50
/** Whose last write takes longer is not waited for at the end. */
const STUCK_MS = 200

/**
 * Writes lines to a descriptor of the process. Whoever reads them may be slow, or stand still: nothing but the
 * lines waits for that.
 */
export function createLogOutput(fd: number, options: LogOutputOptions): LogOutput {
  const { most = MOST_WAITING, lostLine } = options
  let waiting: string[] = []
  let size = 0
  let lost = 0
  let begunAt: number | undefined

  const takeAll = (): Buffer => {
    if (lost > 0) waiting.push(lostLine(lost))
    const bytes = Buffer.from(waiting.join(''))
    waiting = []
    size = 0
    lost = 0
    return bytes
  }
  const goOn = () => {
    begunAt = undefined
    if (waiting.length > 0) send(takeAll())
  }
  const send = (bytes: Buffer) => {
    begunAt ??= performance.now()
    write(fd, bytes, 0, bytes.byteLength, null, (fault, written) => {
      if (hasCode(fault, 'EAGAIN')) setTimeout(send, FULL_AGAIN_MS, bytes).unref()
      // Nobody is there to read any more; the gateway has other work to do than to tell.
      else if (fault || written === bytes.byteLength) goOn()
      else send(bytes.subarray(written))
    })
  }

  process.on('exit', () => {
    const isStuck = begunAt !== undefined && performance.now() - begunAt > STUCK_MS
    if (isStuck || waiting.length === 0) return
    try {
      writeSync(fd, takeAll())
    } catch {
      // It was the last chance.
    }
  })

  return {
    write(line) {
      if (size >= most) {
        lost += 1
        return
      }
      waiting.push(line)
      size += line.length
      // What is said in one go is written in one go.
      if (begunAt === undefined) {
        begunAt = performance.now()
        setImmediate(goOn)
      }
    },
  }
}
