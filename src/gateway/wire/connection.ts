import type { IncomingMessage } from 'node:http'
import type { Limits } from '../destination.ts'
import { UpstreamBroken, UpstreamTooSlow, UpstreamUnreachable } from '../errors.ts'
import type { AnswerHead } from './answer-head.ts'
import { createAnswerReader, type Piece } from './answer-reader.ts'
import { type Address, openSocket } from './open-socket.ts'
import { type RequestHead, requestHead } from './request-bytes.ts'
import { sendBody, type Upload } from './upload.ts'

/** One request for a connection. */
export interface Carried extends Omit<RequestHead, 'hasBody'> {
  body: IncomingMessage | undefined
}

/** Hears the answer: head, data …, and then end or failed, once. */
export interface CarriedEars {
  head(head: AnswerHead): void
  /** @returns Whether more may come; if not, {@link Connection.resume} says when. */
  data(piece: Piece): boolean
  /** All that has come so far was told. */
  soFar(): void
  end(): void
  failed(failure: CarriedFailure): void
}

/** How a request failed, and how far it had got. */
export interface CarriedFailure {
  cause: unknown
  /** `unanswered`: it was sent, at least in part, and not one byte came back. */
  stage: 'unsent' | 'unanswered' | 'answered'
  /** Was it sent on a connection that had carried others before? */
  onKept: boolean
}

/** One connection to a server. It carries one request at a time, and is never used again after a doubt. */
export interface Connection {
  /**
   * Sends a request, as soon as the connection is open.
   *
   * @throws {Error} when it cannot be written; nothing has been sent then.
   */
  carry(carried: Carried, ears: CarriedEars): void
  resume(): void
  /** Breaks off: whatever was under way hears of a failure, unless nobody is told. */
  destroy(how: 'silently' | 'loudly'): void
  /** Ends it when its time is over. */
  look(now: number): void
}

export interface ConnectionHooks {
  /** It has answered, and can carry the next one. */
  free(connection: Connection): void
  /** It is closed, or as good as closed. */
  gone(connection: Connection): void
}

const NEVER = Number.POSITIVE_INFINITY
/** Servers close kept connections after 5 seconds and more: not much later than a request is sent on one. */
const USUAL_SECONDS = 6
const MARGIN_SECONDS = 2
const LONGEST_SECONDS = 600

export const now = (): number => performance.now()

export function openConnection(
  address: Address,
  limits: Limits,
  hooks: ConnectionHooks,
): Connection {
  let carried: Carried | undefined
  let ears: CarriedEars | undefined
  let head = { text: '', length: undefined as number | undefined }
  let upload: Upload | undefined
  let isOpen = false
  let isGone = false
  /** Has a request been given to this connection, of which the end has not come? */
  let isSent = false
  /** Has any of it gone out? */
  let isAsked = false
  let isAnswered = false
  let isUploading = false
  let isPaused = false
  let stays = true
  let staysFor: number | undefined
  let requests = 0
  let deadline = now() + limits.connect * 1000

  const leave = () => {
    if (isGone) return
    isGone = true
    socket.destroy()
    hooks.gone(connection)
  }

  const fail = (cause: unknown) => {
    const told = ears
    const stage = !isSent ? 'unsent' : isAnswered ? 'answered' : 'unanswered'
    forget()
    leave()
    told?.failed({ cause, stage, onKept: requests > 1 })
  }

  const forget = () => {
    upload?.stop()
    upload = undefined
    isUploading = false
    carried = undefined
    ears = undefined
  }

  const send = () => {
    if (!carried) return
    const { method, body } = carried
    requests += 1
    isSent = true
    isAsked = false
    isAnswered = false
    stays = carried.stays
    deadline = now() + limits.head * 1000
    const begins = () => {
      isAsked = true
      reader.expect(method)
      socket.write(head.text, 'latin1')
    }
    if (!body) return begins()
    // An upload may take as long as it needs, as long as the application takes it.
    deadline = NEVER
    isUploading = true
    const ends = {
      begins,
      done: () => {
        isUploading = false
        if (!isAnswered) deadline = now() + limits.head * 1000
      },
      failed: fail,
      waits: (doesWait: boolean) => {
        if (!isAnswered) deadline = doesWait ? now() + limits.head * 1000 : NEVER
      },
    }
    upload = sendBody(body, socket, { length: head.length, ends })
  }

  const reader = createAnswerReader({
    interim: () => undefined,
    head(answer) {
      stays &&= answer.stays
      staysFor = answer.staysFor
      deadline = now() + limits.idle * 1000
      ears?.head(answer)
    },
    data(piece) {
      deadline = now() + limits.idle * 1000
      if (!ears || ears.data(piece)) return
      isPaused = true
      // Who waits for the client is not too slow.
      deadline = NEVER
      socket.pause()
    },
    end(isClean) {
      const told = ears
      const seconds = Math.min((staysFor ?? USUAL_SECONDS) - MARGIN_SECONDS, LONGEST_SECONDS)
      const isOfUse = stays && isClean && !isUploading && !isGone && seconds > 0
      forget()
      if (isOfUse) {
        deadline = now() + seconds * 1000
        isSent = false
        isAsked = false
        connection.resume()
        hooks.free(connection)
      } else leave()
      told?.end()
    },
  })

  const take = (bytes: Buffer) => {
    if (isGone) return
    // Whoever speaks before anything was asked would give an answer to the wrong person, and each after
    // it to the next.
    if (!isAsked) return fail(new UpstreamBroken({ detail: 'spoke before it was asked' }))
    isAnswered = true
    try {
      reader.read(bytes)
    } catch (cause) {
      return fail(cause)
    }
    ears?.soFar()
  }

  const ready = () => {
    // The loop comes round to the socket once more, for what has been said before anything was asked.
    setImmediate(() =>
      setImmediate(() => {
        if (isGone) return
        isOpen = true
        deadline = NEVER
        send()
      }),
    )
  }

  const socket = openSocket(address, take, ready)
  socket.on('error', fail)
  socket.on('end', () => {
    if (isAsked && reader.finish()) return
    fail(new UpstreamUnreachable({ detail: 'the other side has closed' }))
  })
  socket.on('close', () => fail(new UpstreamUnreachable({ detail: 'the connection is closed' })))

  const connection: Connection = {
    carry(given, hearing) {
      head = requestHead({ ...given, hasBody: given.body !== undefined })
      carried = given
      ears = hearing
      if (isOpen) send()
    },
    resume() {
      if (!isPaused || isGone) return
      isPaused = false
      if (isSent) deadline = now() + limits.idle * 1000
      socket.resume()
    },
    destroy(how) {
      if (how === 'loudly') return fail(new UpstreamUnreachable({ detail: 'the gateway closes' }))
      forget()
      leave()
    },
    look(at) {
      if (at >= deadline) fail(new UpstreamTooSlow({ detail: 'no sign of life in time' }))
    },
  }
  return connection
}
