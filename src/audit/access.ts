import { randomInt } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { AuditEvent } from '../model/event.ts'
import type { SignedIn } from '../model/session.ts'
import type { VisitRepository } from '../store/contract.ts'
import type { Audit } from './record.ts'

/**
 * Notes who was let in where: the first time of a session at a host, and one request in so many. What is
 * to be written waits; no request does.
 */
export interface AccessNotes {
  /** Takes a look-up and a subtraction, as long as nothing is to be written. */
  allowed(letIn: LetIn, asked: AskedFor): void
  /** Writes down what waits. */
  close(): Promise<void>
}

export interface LetIn {
  signedIn: SignedIn | undefined
  rule: string
  route: { host: string }
}

export interface AskedFor {
  method: string | undefined
  rawPath: string
  address: string
}

export interface AccessNotesDeps {
  audit: Audit
  visits: VisitRepository
  /** One request in so many; 0 for none. */
  sample: number
  clock: Clock
  log: Log
  /** Counts what was to be written down and is not. */
  lost(count: number): void
  /** How long it may wait. */
  beatMs?: number
}

const BEAT_MS = 1000
/** What comes above that within a beat is counted, and not written. */
const MOST_WAITING = 1000
/** Sessions whose hosts are kept in mind; of all others the store knows. */
const SESSIONS = 10_000
/** Under a wildcard anybody can make up hosts. */
const HOSTS_A_SESSION = 100

interface Note {
  kind: 'first' | 'sample'
  signedIn: SignedIn
  host: string
  event: AuditEvent
}

export function createAccessNotes(deps: AccessNotesDeps): AccessNotes {
  const { audit, visits, sample, clock, log, lost, beatMs = BEAT_MS } = deps
  const seen = new Map<string, Set<string>>()
  let waiting: Note[] = []
  let left = untilNext(sample)
  let timer: NodeJS.Timeout | undefined
  let working = Promise.resolve()

  const hostsOf = (sessionId: string): Set<string> => {
    const hosts = new Set<string>()
    if (seen.size >= SESSIONS) seen.delete(seen.keys().next().value ?? '')
    seen.set(sessionId, hosts)
    return hosts
  }

  const write = async () => {
    const notes = waiting
    waiting = []
    try {
      const known = await visits.note(notes.map(visitIn))
      for (const [index, { kind, event }] of notes.entries()) {
        const isDue = kind === 'first' ? known[index] === 'first' : known[index] !== 'nobody'
        if (isDue) audit.record(event)
      }
    } catch (cause) {
      lost(notes.length)
      // Their next request is the first one, then.
      for (const { kind, signedIn } of notes) if (kind === 'first') seen.delete(signedIn.session.id)
      log.warn({ error: String(cause), lost: notes.length }, 'audit: access not written down')
    }
  }
  const begin = () => {
    timer = undefined
    working = working.then(write)
  }

  /** @returns Whether there was room for it. */
  const note = (kind: Note['kind'], signedIn: SignedIn, letIn: LetIn, asked: AskedFor): boolean => {
    if (waiting.length >= MOST_WAITING) {
      lost(1)
      return false
    }
    const event = eventOf(kind, signedIn, letIn, asked)
    waiting.push({ kind, signedIn, host: letIn.route.host, event: { ...event, at: clock.now() } })
    timer ??= setTimeout(begin, beatMs).unref()
    return true
  }

  return {
    allowed(letIn, asked) {
      const { signedIn, route } = letIn
      if (signedIn === undefined) return
      const { id } = signedIn.session
      const hosts = seen.get(id) ?? hostsOf(id)
      if (!hosts.has(route.host) && hosts.size < HOSTS_A_SESSION) {
        if (note('first', signedIn, letIn, asked)) hosts.add(route.host)
        return
      }
      left -= 1
      if (left !== 0) return
      left = untilNext(sample)
      note('sample', signedIn, letIn, asked)
    },

    async close() {
      clearTimeout(timer)
      begin()
      await working
    },
  }
}

function eventOf(
  kind: Note['kind'],
  { user, session }: SignedIn,
  { rule, route: { host } }: LetIn,
  { method, rawPath: path, address }: AskedFor,
): Omit<AuditEvent, 'at'> {
  const details = { kind, host, rule, path, ...(method ? { method } : {}) }
  return { name: 'access.allowed', userId: user.id, sessionId: session.id, address, details }
}

const visitIn = ({ signedIn, host, event }: Note) => ({
  sessionId: signedIn.session.id,
  userId: signedIn.user.id,
  host,
  at: event.at,
})

/** One in so many, and nobody can tell which. */
const untilNext = (sample: number): number =>
  sample === 0 ? Number.POSITIVE_INFINITY : randomInt(1, 2 * sample)
