import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Started } from '../../support/program.ts'
import { createVisitor } from '../../support/visitor.ts'
import { type House, openHouse } from './house.ts'

const MIB = 1024 * 1024
/** What a start needs is about half of it. */
const HEAP_MIB = 72
const MOST_MIB = 450
const FORM = 'Content-Type: application/x-www-form-urlencoded'

let house: House
let serving: Started
let sockets: Socket[] = []
beforeAll(async () => {
  house = await openHouse({
    people: ['alice'],
    secondFactor: false,
    environment: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
  })
  serving = await house.program.start()
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await house.end()
})

/** How often what is to be too much comes on each connection: far more than anybody should read of it. */
const MORE = 64

/** Connections on which something is begun that does not end. */
function flood(count: number, head: (index: number) => string, more?: string): Map<string, number> {
  const answers = new Map<string, number>()
  for (let index = 0; index < count; index += 1) {
    const socket = connect(house.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      for (const [, status = ''] of String(bytes).matchAll(/HTTP\/1\.1 (\d{3})/g))
        answers.set(status, (answers.get(status) ?? 0) + 1)
    })
    socket.write(head(index))
    if (more !== undefined) for (let times = 0; times < MORE; times += 1) socket.write(more)
    sockets.push(socket)
  }
  return answers
}

const goAway = () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
}

const rss = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${serving.pid}/status`, 'utf8'))?.[1]) * 1024

const host = () => `Host: localhost:${house.port}`
const from = (index: number) =>
  `X-Forwarded-For: 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`

describe('a gateway with little memory', () => {
  it.each<[string, string[], () => Map<string, number>]>([
    [
      'heads that never end',
      [],
      () =>
        flood(
          1500,
          (index) => `GET / HTTP/1.1\r\n${host()}\r\n${from(index)}\r\nX: ${'x'.repeat(15_000)}`,
        ),
    ],
    [
      'bodies that never end',
      ['413'],
      () =>
        flood(
          100,
          () =>
            `POST /.gatehouse/login HTTP/1.1\r\n${host()}\r\nOrigin: http://localhost:${house.port}\r\n${FORM}\r\nContent-Length: 99999999\r\n\r\n`,
          'x'.repeat(65_536),
        ),
    ],
    [
      'chunks that never end',
      ['411'],
      () =>
        flood(
          100,
          () =>
            `POST /.gatehouse/login HTTP/1.1\r\n${host()}\r\nOrigin: http://localhost:${house.port}\r\n${FORM}\r\nTransfer-Encoding: chunked\r\n\r\n`,
          `ffff\r\n${'x'.repeat(65_535)}\r\n`,
        ),
    ],
    [
      'forms that all come at once',
      ['403'],
      () => {
        const body = 'csrf=x&username=alice&password=wrong'
        return flood(
          1000,
          (index) =>
            `POST /.gatehouse/login HTTP/1.1\r\n${host()}\r\n${from(index)}\r\nOrigin: http://localhost:${house.port}\r\n${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
      },
    ],
    [
      'requests of those who read no answer',
      [],
      () => {
        const answers = flood(
          10,
          () => '',
          `GET /.gatehouse/login?x=${'y'.repeat(500)} HTTP/1.1\r\n${host()}\r\n\r\n`.repeat(5),
        )
        for (const socket of sockets) socket.pause()
        return answers
      },
    ],
  ])('outlives %s, and serves others meanwhile', async (_, expected, begin) => {
    const answers = begin()
    for (let round = 0; round < 10; round += 1) {
      const status = await house.asks(createVisitor(house.port), '/open')
      expect([200, 503]).toContain(status)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(rss()).toBeLessThan(MOST_MIB * MIB)
    expect([...answers.keys()]).toEqual(expected)
    goAway()
    expect(await house.told('/health/live')).toMatchObject({ status: 200 })
    await expect
      .poll(() => house.asks(createVisitor(house.port), '/open'), { timeout: 20_000 })
      .toBe(200)
    expect(await house.asks(await house.signIn('alice'))).toBe(200)
  })
})
