import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'

/** What becomes of requests with an `Idempotency-Key` when the process dies. */

let mail: Server
let program: Program
let running: Started
let api: string
let key: string
const sockets = new Set<Socket>()
beforeAll(async () => {
  // A mail server that never says anything: whoever enrolls an address waits for it for a while.
  mail = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
  })
  mail.listen(0, '127.0.0.1')
  await once(mail, 'listening')
  const port = await freePort()
  api = `http://localhost:${port}/api`
  program = createProgram(`
portal: { url: "http://localhost:${port}" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
factors: { totp: {}, email: {} }
channels: { smtp: { url: "smtp://127.0.0.1:${portOf(mail)}", from: gate@shop.test } }
store: { path: ./gatehouse.db }
api: { applications: [{ id: shop }] }
`)
  running = await program.start()
  key = /ghk_[\w-]+/.exec(program.run(['api-key', 'create', 'shop']).out)?.[0] ?? ''
}, 60_000)
afterAll(async () => {
  await program?.end()
  for (const socket of sockets) socket.destroy()
  mail?.close()
})

async function enroll(user_id: string, name: string) {
  const answer = await fetch(`${api}/2fa/enroll`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': name,
    },
    body: JSON.stringify({ user_id, type: 'email', target: `${user_id}@shop.test` }),
  })
  const replayed = answer.headers.get('idempotent-replayed')
  const retryAfter = Number(answer.headers.get('retry-after'))
  return { status: answer.status, replayed, retryAfter, body: await answer.json() }
}

/** Requests that are claimed, and not answered. */
function underWay(): number {
  const db = new Database(join(program.folder, 'gatehouse.db'), { readonly: true })
  const { count } = db
    .prepare('select count(*) as count from idempotency where status is null')
    .get() as { count: number }
  db.close()
  return count
}

/** Kills the program between the claim and the answer. @returns The name of the request, and whose it was. */
async function killUnderWay(): Promise<{ name: string; user: string }> {
  for (let time = 0; time < 20; time += 1) {
    const [name, user] = [`request-${time}`, `user${time}`]
    let isAnswered = false
    const asked = enroll(user, name).then(
      () => {
        isAnswered = true
      },
      () => undefined,
    )
    while (!isAnswered && underWay() === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    if (isAnswered) continue
    await running.stop('SIGKILL')
    await asked
    // It may have been answered in the very moment.
    if (underWay() === 1) return { name, user }
    running = await program.start()
  }
  throw new Error('the program answered each time before it could be killed')
}

it('a request that was cut short gets through a little later, once and for all', async () => {
  const { name, user } = await killUnderWay()
  running = await program.start()
  const waits: number[] = []
  let answer = await enroll(user, name)
  while (answer.status === 409) {
    expect(answer.body.code).toBe('request_under_way')
    waits.push(answer.retryAfter)
    await new Promise((resolve) => setTimeout(resolve, answer.retryAfter * 1000))
    answer = await enroll(user, name)
  }
  expect(answer).toMatchObject({ status: 201, replayed: null })
  expect(waits.filter((seconds) => !(seconds >= 1 && seconds <= 5))).toEqual([])

  await running.stop('SIGKILL')
  running = await program.start()
  const again = await enroll(user, name)
  expect(again).toMatchObject({ status: 201, replayed: 'true', body: answer.body })
}, 120_000)
