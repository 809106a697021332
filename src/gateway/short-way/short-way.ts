import type { Server, Socket } from 'node:net'
import type { Log } from '../../base/log.ts'
import type { Answer } from '../answers.ts'
import type { Answerer } from '../listener.ts'
import { createAnswerWriter } from './answer-bytes.ts'
import { readPlainHead } from './plain-head.ts'

/**
 * Answers the questions of proxies without a server of HTTP in between, which would cost more than the
 * whole decision. Only a trusted proxy gets here, and only as long as everything on its connection is
 * plain; the first thing that is not, and all that follows, is the server's.
 */
export interface ShortWay {
  /** Takes connections before the server does, those that a proxy may have made. */
  before(server: Server, mayAsk: (socket: Socket) => boolean): void
  /** Ends the connections on which no question waits for its answer. */
  endIdle(): void
}

export interface ShortWayDeps {
  answer: Answerer
  /** Does every connection end with its next answer? */
  isLeaving(): boolean
  maxHeadBytes: number
  /** For a first question. */
  headTimeoutMs: number
  /** From one question to the next. */
  keepAliveMs: number
  log: Log
}

export function createShortWay(deps: ShortWayDeps): ShortWay {
  const { answer, isLeaving, maxHeadBytes, headTimeoutMs, keepAliveMs, log } = deps
  const writer = createAnswerWriter()
  const idle = new Set<Socket>()

  const take = (socket: Socket, handOver: () => void) => {
    const message = { httpVersionMajor: 1, httpVersionMinor: 1, socket } as const
    let hasEnded = false

    const destroy = () => void socket.destroy()
    const goOn = () => void socket.resume()
    const stop = () => {
      idle.delete(socket)
      socket.off('data', read).off('end', end).off('close', stop)
      socket.off('error', destroy).off('timeout', destroy).off('drain', goOn)
      socket.setTimeout(0)
    }
    const end = () => {
      hasEnded = true
      // Whoever says nothing more may still wait for an answer.
      if (idle.has(socket)) socket.end()
    }
    const send = (given: Answer) => {
      if (socket.destroyed) return
      const lasts = !isLeaving() && !hasEnded && !given.headers.some(isConnection)
      const isSent = socket.write(writer.bytesOf(given, lasts))
      if (!lasts) return void socket.end()
      idle.add(socket)
      // Who asks and does not listen is not asked for more.
      if (isSent) socket.resume()
      else socket.pause().once('drain', goOn)
    }
    const fail = (cause: unknown) => {
      log.error({ error: String(cause) }, 'gateway: forward-auth failed')
      destroy()
    }

    const read = (chunk: Buffer) => {
      const head = readPlainHead(chunk, maxHeadBytes)
      const given = head && answer(Object.assign(head, message))
      if (!given) {
        socket.pause()
        stop()
        socket.unshift(chunk)
        return handOver()
      }
      idle.delete(socket)
      socket.setTimeout(keepAliveMs)
      if (given instanceof Promise) {
        // One question at a time.
        socket.pause()
        given.then(send).catch(fail)
        return
      }
      try {
        send(given)
      } catch (cause) {
        fail(cause)
      }
    }

    idle.add(socket)
    socket.setTimeout(headTimeoutMs)
    socket.on('data', read).on('end', end).on('close', stop)
    socket.on('error', destroy).on('timeout', destroy)
  }

  return {
    before(server, mayAsk) {
      const [accept] = server.listeners('connection')
      server.removeAllListeners('connection')
      server.on('connection', (socket: Socket) => {
        const handOver = () => {
          accept?.call(server, socket)
          socket.resume()
        }
        if (!mayAsk(socket)) accept?.call(server, socket)
        else take(socket, handOver)
      })
    },
    endIdle() {
      for (const socket of idle) socket.destroy()
    },
  }
}

const isConnection = ([name]: readonly [string, string]) => name === 'Connection'
