import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type House, openHouse, reloaded } from './house.ts'
import { putUnderLoad } from './load.ts'

/** More for whoever has the time: `RELOADS=100`. */
const RELOADS = Number(process.env.RELOADS ?? 6)
const RELOAD_MS = 5_000

const application = createServer((_, response) => response.end('served'))
beforeAll(() => new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  application.closeAllConnections()
  application.close()
})

let house: House
afterEach(() => house.end())

/** What both say alike, each says in its own way; a mixture of them would say something else. */
const routes = (turn: number) => `
routes:
  - host: localhost
    upstream: http://127.0.0.1:${(application.address() as AddressInfo).port}
    rules: ${
      turn % 2 === 0
        ? '[{ paths: [/closed], require: deny }, { paths: [/mine], require: one_factor }, { require: bypass }]'
        : '[{ paths: [/open], require: bypass }, { paths: [/mine], require: one_factor }]'
    }`

describe('a configuration that is read again and again under load', () => {
  it.each([1, 2])(
    'fails no request and decides none by halves, with %d process(es)',
    async (workers) => {
      const yaml = (turn: number) => `workers: ${workers}\n${routes(turn)}`
      house = await openHouse({ people: ['alice'], secondFactor: false, yaml: yaml(0) })
      const serving = await house.program.start()
      const { port } = house
      const alice = await house.signIn('alice')
      const host = `localhost:${port}`
      const headers = { cookie: alice.jar.headerFor('localhost') ?? '' }
      const loads = {
        open: putUnderLoad({ port, host, path: '/open', clients: 2 }),
        mine: putUnderLoad({ port, host, path: '/mine', clients: 2, headers }),
        closed: putUnderLoad({ port, host, path: '/closed', clients: 2, headers }),
      }
      for (let turn = 1; turn <= RELOADS; turn += 1) {
        house.configure(yaml(turn))
        process.kill(serving.pid, 'SIGHUP')
        await reloaded(serving, turn)
        await Promise.all(Object.values(loads).map((load) => load.answered(4)))
      }
      for (const load of Object.values(loads)) load.stop()
      await Promise.all(Object.values(loads).map(({ end }) => end))
      const statuses = Object.entries(loads).map(([name, { answers, broken }]) => [
        name,
        [...answers.keys()],
        broken,
      ])
      expect(statuses).toEqual([
        ['open', [200], []],
        ['mine', [200], []],
        ['closed', [403], []],
      ])
      expect(await serving.stop()).toBe(0)
    },
    20_000 + RELOADS * RELOAD_MS,
  )
})
