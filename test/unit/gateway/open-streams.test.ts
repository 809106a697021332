import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Asked } from '../../../src/gateway/authorize.ts'
import type { Standing } from '../../../src/gateway/standing.ts'
import { createStreams, type EndReason, type Stream } from '../../../src/gateway/streams.ts'
import { aSession, aUser } from '../../support/builders.ts'
import { openUpstream, type PlainUpstream, until } from '../../support/plain-upstream.ts'
import { sendRaw } from '../../support/raw.ts'
import { stillClock } from '../../support/still-clock.ts'
import { type Gate, openGate } from './gate.ts'

/** A standing that counts what it is asked. */
function aStanding() {
  const marks = new Map<string, string>()
  const endOf = new Map<string, number>()
  const asked = { many: [] as (readonly string[])[], closely: [] as string[] }
  let isBroken = false
  const standing: Standing = {
    marks(ids) {
      asked.many.push(ids)
      if (isBroken) throw new Error('the store does not answer')
      return new Map([...marks].filter(([id]) => ids.includes(id)))
    },
    until({ asked: { target } }) {
      asked.closely.push(target)
      return endOf.get(target)
    },
  }
  return {
    standing,
    marks,
    endOf,
    asked,
    break: () => {
      isBroken = true
    },
  }
}

const anAsked = (target: string): Asked => ({
  method: 'GET',
  host: 'app.gw.test',
  port: undefined,
  target,
  rawPath: target,
  address: '192.0.2.7',
  sessionToken: undefined,
})

describe('what is open', () => {
  const clock = stillClock()
  const ended: [string, EndReason][] = []
  beforeEach(() => {
    ended.length = 0
  })

  function opened(given: ReturnType<typeof aStanding>) {
    const streams = createStreams(clock)
    const add = (name: string, sessionId?: string) => {
      const stream: Stream = {
        asked: anAsked(name),
        sessionId,
        allowedBy: given.standing,
        isEndless: name !== '/ends',
        end: (why) => ended.push([name, why]),
      }
      given.endOf.set(name, clock.now() + 3600)
      if (sessionId) given.marks.set(sessionId, 'as it was')
      streams.add(stream)
      onTestFinished(() => streams.remove(stream))
      return stream
    }
    return { streams, add }
  }
  /** Another look has been taken. */
  const looked = async (given: ReturnType<typeof aStanding>, times = 1) => {
    const before = given.asked.many.length
    await until(() => given.asked.many.length >= before + times)
  }

  it('is looked at with one question for all sessions, and closely once', async () => {
    const given = aStanding()
    const { add } = opened(given)
    add('/a', 'one')
    add('/b', 'one')
    add('/c', 'two')
    add('/anybody')
    await looked(given, 2)
    expect(given.asked.many[1]?.toSorted()).toEqual(['one', 'two'])
    expect(given.asked.closely.toSorted()).toEqual(['/a', '/b', '/c'])
    expect(ended).toEqual([])
  })

  it('ends with its session, and nothing else does', async () => {
    const given = aStanding()
    const { add } = opened(given)
    add('/a', 'one')
    add('/b', 'two')
    add('/anybody')
    await looked(given)
    given.marks.delete('one')
    await until(() => ended.length > 0)
    expect(ended).toEqual([['/a', 'not_allowed']])
    await looked(given)
    expect(given.asked.many.at(-1)).toEqual(['two'])
  })

  it('is looked at closely again when something has changed, or its time is up', async () => {
    const given = aStanding()
    const { add } = opened(given)
    add('/a', 'one')
    add('/b', 'two')
    await looked(given, 2)
    given.asked.closely.length = 0
    given.marks.set('one', 'in another group now')
    await looked(given, 2)
    expect(given.asked.closely).toEqual(['/a'])
    given.endOf.delete('/b')
    clock.advance(3600)
    await until(() => ended.length > 0)
    expect(ended).toContainEqual(['/b', 'not_allowed'])
  })

  it('is looked at closely again when the clock was set back', async () => {
    const given = aStanding()
    const { add } = opened(given)
    add('/a', 'one')
    await looked(given, 2)
    given.endOf.delete('/a')
    clock.advance(-600)
    await until(() => ended.length > 0)
  })

  it('ends when nobody can say whether it may stay, but not at the first try', async () => {
    const given = aStanding()
    const { add } = opened(given)
    add('/a', 'one')
    add('/anybody')
    given.break()
    await looked(given)
    expect(ended).toEqual([])
    await until(() => ended.length > 0)
    expect(ended).toEqual([['/a', 'not_allowed']])
  })

  it('obeys another standing, also where nobody needed to sign in', async () => {
    const [given, next] = [aStanding(), aStanding()]
    const { add, streams } = opened(given)
    add('/a', 'one')
    add('/anybody')
    add('/nobody')
    add('/ends')
    next.marks.set('one', 'as it was')
    next.endOf.set('/a', clock.now() + 60)
    next.endOf.set('/anybody', Number.POSITIVE_INFINITY)
    streams.obey(next.standing)
    await until(() => ended.length > 0)
    expect(ended).toEqual([['/nobody', 'not_allowed']])
    expect(next.asked.closely).toEqual(['/a', '/anybody', '/nobody'])
  })

  it('is looked at a part at a time when there is much of it', async () => {
    const given = aStanding()
    const { add } = opened(given)
    for (let count = 0; count < 1_200; count += 1) add(`/${count}`, randomUUID())
    await until(() => given.asked.many.length >= 3)
    expect(given.asked.many.slice(0, 3).map(({ length }) => length)).toEqual([500, 500, 200])
  })
})

const goneAfter = (socket: Socket | undefined) => socket && once(socket, 'close')

describe('an answer under way', () => {
  let gate: Gate
  let upstream: PlainUpstream
  let alice: string
  let held: Socket[]

  beforeEach(async () => {
    held = []
    upstream = await openUpstream((socket, head) => {
      held.push(socket)
      if (head.startsWith('GET /events')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
      } else if (head.startsWith('GET /file')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
      }
    })
    gate = await openGate({
      routes: [
        {
          host: 'app.gw.test',
          upstream: upstream.origin,
          rules: [{ require: 'two_factor', groups: ['staff'], max_age: '10m' }],
        },
        { host: 'open.gw.test', upstream: upstream.origin, rules: [{ require: 'bypass' }] },
      ],
    })
    alice = gate.signIn('alice', {
      user: aUser({ groups: ['staff'] }),
      session: aSession({ aal: 2, authenticatedAt: gate.clock.now() }),
    })
  })
  afterEach(async () => {
    upstream.close()
    await gate.close()
  })

  /** Opens a path and reads its first bytes. */
  async function open(path: string, host = 'app.gw.test') {
    const client = connect(gate.port, '127.0.0.1')
    client.on('error', () => undefined)
    client.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${alice}\r\n\r\n`)
    let got = ''
    client.on('data', (bytes) => {
      got += bytes
    })
    const closed = once(client, 'close')
    await until(() => got.includes('\r\n\r\n'))
    return { client, closed, got: () => got }
  }

  it.each(['/events', '/file'])('%s ends soon after its session, and visibly', async (path) => {
    const { closed, got } = await open(path)
    const upstreamGone = goneAfter(held[0])
    gate.end(alice)
    await closed
    await upstreamGone
    expect(got()).not.toContain('\r\n0\r\n')
    expect(got()).toContain('200 OK')
  })

  it('ends when the proof has become too old', async () => {
    const { closed } = await open('/events')
    gate.clock.advance(601)
    await closed
  })

  it('ends when the rules have changed under it', async () => {
    const { closed } = await open('/events', 'open.gw.test')
    gate.swap({
      routes: [{ host: 'open.gw.test', upstream: upstream.origin, rules: [{ require: 'deny' }] }],
    })
    await closed
  })

  it('stays while its session lives, and keeps it no longer alive', async () => {
    const { client } = await open('/events')
    const before = gate.reads()
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(client.destroyed).toBe(false)
    expect(gate.reads()).toBe(before)
    client.destroy()
  })

  it('stays where nobody needs to sign in', async () => {
    alice = ''
    const { client } = await open('/events', 'open.gw.test')
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect(client.destroyed).toBe(false)
    client.destroy()
  })

  it('ends with its session also where nobody needs one: the application knows who is there', async () => {
    const { closed } = await open('/events', 'open.gw.test')
    gate.end(alice)
    await closed
  })

  it('that has not begun becomes a no', async () => {
    const get = `GET /slow HTTP/1.1\r\nHost: app.gw.test\r\nCookie: ${alice}\r\n\r\n`
    const coming = sendRaw(gate.port, get)
    await until(() => held.length === 1)
    const upstreamGone = goneAfter(held[0])
    gate.end(alice)
    expect((await coming).status).toBe(401)
    await upstreamGone
  })

  it('without an end is cut when the gateway goes away; one with an end may reach it', async () => {
    const [events, file] = [await open('/events'), await open('/file')]
    const gone = gate.close()
    await events.closed
    held[1]?.write('later')
    await until(() => file.got().endsWith('firstlater'))
    await gone
  })
})
