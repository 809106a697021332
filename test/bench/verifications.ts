import { Agent, request } from 'node:http'
import { generate } from 'otplib'
import type { BenchedGateway, Customer } from './gateway.ts'
import { cpuMicroseconds } from './processes.ts'

/** What checking a code through the API takes. */
export interface Verified {
  perSecond: number
  cpuMicroseconds: number
}

const AT_ONCE = 16

/**
 * Checks a code of each customer, some at a time: a code is good for once, so each of them comes once.
 *
 * @throws when one is not found right.
 */
export async function measureVerifications(
  gateway: BenchedGateway,
  customers: readonly Customer[],
): Promise<Verified> {
  const bodies = await Promise.all(
    customers.map(async ({ id, secret }) =>
      JSON.stringify({ user_id: id, code: await generate({ secret }) }),
    ),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  const before = cpuMicroseconds(gateway.pids)
  const start = performance.now()
  let next = 0
  const one = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      await verify(gateway, body, agent)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  const seconds = (performance.now() - start) / 1000
  agent.destroy()
  return {
    perSecond: bodies.length / seconds,
    cpuMicroseconds: (cpuMicroseconds(gateway.pids) - before) / bodies.length,
  }
}

function verify({ port, host, apiKey }: BenchedGateway, body: string, agent: Agent): Promise<void> {
  const headers = {
    Host: host,
    Authorization: `Bearer ${apiKey}`,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  }
  const path = '/.gatehouse/api/2fa/verify'
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method: 'POST', path, headers, agent },
      (answer) => {
        let text = ''
        answer.on('data', (bytes) => {
          text += String(bytes)
        })
        answer.on('end', () =>
          text.includes('"verified":true')
            ? resolve()
            : reject(new Error(`not verified: ${answer.statusCode} ${text}`)),
        )
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
