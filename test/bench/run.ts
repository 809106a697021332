/**
 * What a request costs, as ratios within one run: CPU time of the server process, read from the
 * system, beside that of bare `node:http` and of bare http-proxy doing the same without any check.
 *
 *     npm run bench
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { createKeyring } from '../../src/base/keyring.ts'
import { silentLog } from '../../src/base/log.ts'
import { createSessions } from '../../src/session/sessions.ts'
import { readSecretKey } from '../../src/store/secret-key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { aUser } from '../support/builders.ts'
import { freePort } from '../support/ports.ts'
import { createProgram } from '../support/program.ts'

const CONNECTIONS = 16
const REQUESTS = 12_000
const WARM_UP = 3_000
const ROUNDS = 3
const TICKS_PER_SECOND = 100

interface Contender {
  name: string
  pid: number
  port: number
  path: string
  headers: Record<string, string>
}

const servers: ChildProcess[] = []

/** Starts one of the bare servers beside this file. */
async function bare(kind: string, ...args: string[]): Promise<{ pid: number; port: number }> {
  const port = await freePort()
  const file = fileURLToPath(new URL('./bare.ts', import.meta.url))
  const child = spawn(process.execPath, [file, kind, String(port), ...args])
  servers.push(child)
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return { pid: child.pid ?? 0, port }
}

/** User and system time of a process so far, in microseconds (proc(5), fields 14 and 15). */
function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000
}

async function load({ port, path, headers }: Contender, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let left = count
  const one = () =>
    new Promise<void>((resolve, reject) => {
      request({ agent, port, path, headers, host: '127.0.0.1' }, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`${path}: ${answer.statusCode}`))
        answer.resume().once('end', resolve)
      })
        .once('error', reject)
        .end()
    })
  const worker = async () => {
    while (left > 0) {
      left -= 1
      await one()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  agent.destroy()
}

async function measure(contender: Contender): Promise<number> {
  const before = cpuMicroseconds(contender.pid)
  await load(contender, REQUESTS)
  return (cpuMicroseconds(contender.pid) - before) / REQUESTS
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const port = await freePort()
const upstream = await bare('1k')
const program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
store: { path: ./gatehouse.db }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${upstream.port}
    rules: [{ require: two_factor }]
`)
const path = join(program.folder, 'gatehouse.db')
const { store } = await openSqlite({ path }, { create: true })
const user = aUser()
await store.users.insert(user)
const now = systemClock.now()
const { token } = await createSessions({
  repository: store.sessions,
  clock: systemClock,
  config: { idle: 1800, absolute: 43_200, remembered: 2_592_000, per_user: 50 },
  key: createKeyring(readSecretKey(path, undefined))('cookie'),
  log: silentLog,
}).issue({
  userId: user.id,
  proof: { aal: 2, phishingResistant: false, amr: ['pwd', 'otp', 'mfa'], authenticatedAt: now },
  remember: false,
  address: '127.0.0.1',
  userAgent: 'bench',
})
await store.close()
const gateway = await program.start()
const signedIn = { host: `localhost:${port}`, cookie: `gatehouse=${token}` }
const asked = {
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': `localhost:${port}`,
  'x-forwarded-uri': '/page',
}
const contenders: Contender[] = [
  { name: 'bare node:http, empty 200', ...(await bare('empty')), path: '/', headers: {} },
  {
    name: 'forward-auth, signed in',
    pid: gateway.pid,
    port,
    path: '/api/authz/forward-auth',
    headers: { ...signedIn, ...asked },
  },
  {
    name: 'bare http-proxy, 1 KiB',
    ...(await bare('proxy', String(upstream.port))),
    path: '/',
    headers: {},
  },
  { name: 'proxy, 1 KiB, signed in', pid: gateway.pid, port, path: '/page', headers: signedIn },
]

const results = new Map(contenders.map(({ name }) => [name, [] as number[]]))
for (const contender of contenders) await load(contender, WARM_UP)
// In turn, so that all suffer alike from whatever else the machine does.
for (let round = 0; round < ROUNDS; round += 1) {
  for (const contender of contenders) results.get(contender.name)?.push(await measure(contender))
}

console.log(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}`)
console.log(`median of ${ROUNDS} rounds of ${REQUESTS} requests over ${CONNECTIONS} connections\n`)
const figures = contenders.map(({ name }) => ({ name, cost: median(results.get(name) ?? []) }))
figures.forEach(({ name, cost }, index) => {
  const base = figures[index - (index % 2)]?.cost ?? cost
  const ratio = index % 2 === 0 ? '' : `   ${(cost / base).toFixed(2)} × the line above`
  console.log(`${name.padEnd(28)} ${cost.toFixed(0).padStart(5)} µs of CPU a request${ratio}`)
})

await program.end()
for (const server of servers) server.kill()
