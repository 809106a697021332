import type { Server, Socket } from 'node:net'
import type { Log } from '../../base/log.ts'
import { turn } from '../../base/turn.ts'
import type { Answer } from '../answers.ts'
import type { Client } from '../client.ts'
import type { PlainListener } from '../listener.ts'
import { createAnswerWriter } from './answer-bytes.ts'
import { createPlainClient, type PlainClient } from './plain-client.ts'
import { createPlainReader } from './plain-head.ts'

/**
 * Takes requests without a server of HTTP in between, which would cost more than the whole decision. It
 * serves a connection as long as everything on it is plain; the first thing that is not, and all that
 * follows, is the server's.
 */
export interface ShortWay {
  /** Takes connections before the server does. */
  before(server: Server): void
  /** Ends the connections on which nothing waits for its answer; of a new one, the first request may be on its way. */
  endIdle(): void
}

export interface ShortWayDeps {
  listener: PlainListener
  /** Does every connection end with its next answer? */
  isLeaving(): boolean
  maxHeadBytes: number
  /** For a first request. */
  headTimeoutMs: number
  /** From one request to the next. */
  keepAliveMs: number
  /** How long a connection may be silent while something is under way on it. */
  silenceMs(): number
  log: Log
}

/** A connection, as long as it goes this way. */
interface Line {
  socket: Socket
  isIdle(): boolean
}

export function createShortWay(deps: ShortWayDeps): ShortWay {
  const { listener, isLeaving, maxHeadBytes, headTimeoutMs, keepAliveMs, silenceMs, log } = deps
  const { bytesOf } = createAnswerWriter()
  const lines = new Set<Line>()
  const stays = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveMs / 1000}\r\n`

  const take = (socket: Socket, handOver: () => void) => {
    const readHead = createPlainReader(maxHeadBytes)
    /** Is anything under way? */
    let isBusy = false
    let client: PlainClient | undefined
    /** What has come before its time. */
    let early: Buffer | undefined
    let hasEnded = false
    /** Was it kept from reading? Then what comes next may have come in an earlier turn. */
    let hasWaited = false
    let hasAsked = false
    let isPatient = false
    /** Has the last answer been given? */
    let isLast = false

    const destroy = () => void socket.destroy()
    const stop = () => {
      lines.delete(line)
      socket.off('data', read).off('end', end).off('close', close)
      socket.off('error', destroy).off('timeout', timeOut).off('drain', drained)
      socket.setTimeout(0)
    }
    const close = () => {
      stop()
      client?.gone()
    }
    const end = () => {
      hasEnded = true
      // Whoever waits for a page has gone; whoever has asked may still wait for the answer.
      if (client) destroy()
      else if (!isBusy) socket.end()
    }
    const timeOut = () => {
      if (!isBusy || isPatient || isLast) return destroy()
      isPatient = true
      socket.setTimeout(silenceMs())
    }
    const pause = () => {
      hasWaited = true
      socket.pause()
    }

    /** Reads on, as soon as what has been said is taken: who does not listen is asked for no more. */
    const goOn = () => {
      if (isBusy || socket.writableNeedDrain) return
      const bytes = early
      early = undefined
      if (bytes) return read(bytes)
      hasWaited = socket.readableLength > 0
      socket.resume()
    }
    const drained = () => {
      client?.drained()
      goOn()
    }
    const done = (lasts: boolean) => {
      client = undefined
      if (!lasts) {
        isLast = true
        return socket.destroySoon()
      }
      isBusy = false
      if (isPatient) {
        isPatient = false
        socket.setTimeout(keepAliveMs)
      }
      if (hasWaited) goOn()
      else if (socket.writableNeedDrain) pause()
    }

    const lasts = () => !isLeaving() && !hasEnded
    const send = (given: Answer) => {
      if (socket.destroyed) return
      const isKept = lasts() && (given.isKept || !given.headers.some(isConnection))
      socket.write(bytesOf(given, isKept))
      done(isKept)
    }
    const fail = (cause: unknown) => {
      log.error({ error: String(cause) }, 'gateway: fault')
      destroy()
    }
    const clientLine = { socket, lasts, bytesOf, done, stays }
    const clientOf = (): Client => {
      client = createPlainClient(clientLine)
      return client
    }

    const visit = (bytes: Buffer) => {
      const head = readHead(bytes)
      if (!head) return undefined
      const { method, url, lines: read } = head
      const version = { httpVersionMajor: 1, httpVersionMinor: 1 } as const
      return listener({ method, url, lines: read, ...version, socket }, clientOf)
    }
    const read = (bytes: Buffer) => {
      if (isLast) return
      if (isBusy) {
        early = early ? Buffer.concat([early, bytes]) : bytes
        return pause()
      }
      try {
        isBusy = true
        const given = hasWaited ? visit(bytes) : turn.take(() => visit(bytes))
        if (given === undefined) {
          socket.pause()
          stop()
          socket.unshift(bytes)
          return handOver()
        }
        if (!hasAsked) {
          hasAsked = true
          socket.setTimeout(keepAliveMs)
        }
        if (given === 'taken') return
        if (!(given instanceof Promise)) return send(given)
        // One question at a time.
        pause()
        given.then(send).catch(fail)
      } catch (cause) {
        fail(cause)
      }
    }

    const line: Line = { socket, isIdle: () => hasAsked && !isBusy }
    lines.add(line)
    socket.setTimeout(headTimeoutMs)
    socket.on('data', read).on('end', end).on('close', close)
    socket.on('error', destroy).on('timeout', timeOut).on('drain', drained)
  }

  return {
    before(server) {
      const [accept] = server.listeners('connection')
      server.removeAllListeners('connection')
      server.on('connection', (socket: Socket) =>
        take(socket, () => {
          accept?.call(server, socket)
          socket.resume()
        }),
      )
    },
    endIdle() {
      for (const { socket, isIdle } of lines) if (isIdle()) socket.destroy()
    },
  }
}

const isConnection = ([name]: readonly [string, string]) => name === 'Connection'
