import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { createLookup } from '../../../src/gateway/wire/lookup.ts'
import { portOf } from '../../support/ports.ts'

const HERE = [{ address: '127.0.0.1', family: 4 }]

/** A resolver that answers as it is told to. */
function resolver() {
  let answer: () => Promise<readonly LookupAddress[]> = async () => HERE
  let asked = 0
  return {
    asked: () => asked,
    answers(next: typeof answer) {
      answer = next
    },
    ask: () => {
      asked += 1
      return answer()
    },
  }
}

const broken = () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }))
const silent = () => new Promise<never>(() => undefined)

const find = (lookup: ReturnType<typeof createLookup>) =>
  new Promise((resolve, reject) => {
    lookup('app.test', { all: true }, (fault, addresses) =>
      fault ? reject(fault) : resolve(addresses),
    )
  })

it.each([
  ['fails', broken],
  ['says nothing', silent],
])('goes on with the last good address while the resolver %s', async (_, fault) => {
  const dns = resolver()
  let now = 0
  const lookup = createLookup({ ask: dns.ask, silentMs: 20, lastGoodMs: 1000, now: () => now })
  expect(await find(lookup)).toEqual(HERE)
  dns.answers(fault)
  now = 900
  expect(await find(lookup)).toEqual(HERE)
})

it('fails where there never was a good one, or only long ago', async () => {
  const dns = resolver()
  let now = 0
  const lookup = createLookup({ ask: dns.ask, lastGoodMs: 1000, now: () => now })
  dns.answers(broken)
  await expect(find(lookup)).rejects.toMatchObject({ code: 'EAI_AGAIN' })
  dns.answers(async () => HERE)
  await find(lookup)
  dns.answers(broken)
  now = 1001
  await expect(find(lookup)).rejects.toMatchObject({ code: 'EAI_AGAIN' })
})

it('follows a name that moves, at once', async () => {
  const dns = resolver()
  const lookup = createLookup({ ask: dns.ask })
  await find(lookup)
  dns.answers(async () => [{ address: '127.0.0.2', family: 4 }])
  expect(await find(lookup)).toEqual([{ address: '127.0.0.2', family: 4 }])
})

it('asks once for all who want to know at the same time', async () => {
  const dns = resolver()
  const lookup = createLookup({ ask: dns.ask })
  await Promise.all(Array.from({ length: 50 }, () => find(lookup)))
  expect(dns.asked()).toBe(1)
})

it('serves a connection, and fails it where there is no address', async () => {
  const dns = resolver()
  const lookup = createLookup({ ask: dns.ask })
  const server = createServer((socket) => socket.end('here')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  const [bytes] = await once(connect({ host: 'app.test', port, lookup }), 'data')
  expect(String(bytes)).toBe('here')
  const other = createLookup({ ask: broken })
  const [fault] = await once(connect({ host: 'app.test', port, lookup: other }), 'error')
  expect(fault).toMatchObject({ code: 'EAI_AGAIN' })
  server.close()
})
