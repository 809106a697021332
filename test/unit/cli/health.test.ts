import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHealth, type Health } from '../../../src/api/health.ts'
import { health as command } from '../../../src/cli/health.ts'
import { aConfigFile } from '../config/files.ts'

let health: Health
let server: Server
let port: number
beforeEach(async () => {
  health = createHealth(() => undefined)
  server = health.server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(() => server.close())

async function ask(args: string[], listen: string) {
  const file = aConfigFile(`
portal: { url: "https://auth.example.com" }
health: { listen: "${listen}" }
routes: [{ host: wiki.example.com, rules: [{ require: one_factor }] }]
`)
  const said: string[] = []
  const print = (line: string) => said.push(line)
  const code = await command.run([...args, '--config', file], {
    print,
    printError: print,
    stdin: process.stdin,
    environment: {},
  })
  return { code, said }
}

describe('gatehouse health', () => {
  it('tells that the gateway is alive, wherever its health listens', async () => {
    expect(await ask([], `0.0.0.0:${port}`)).toEqual({ code: 0, said: ['live'] })
  })

  it('tells a gateway that is about to stop from one that is ready', async () => {
    expect((await ask(['--ready'], `127.0.0.1:${port}`)).code).toBe(0)
    health.leave()
    expect((await ask(['--ready'], `127.0.0.1:${port}`)).code).toBe(1)
    expect((await ask([], `127.0.0.1:${port}`)).code).toBe(0)
  })

  it('says so when nobody answers', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const free = (other.address() as AddressInfo).port
    await new Promise((resolve) => other.close(resolve))
    const { code, said } = await ask([], `127.0.0.1:${free}`)
    expect(code).toBe(1)
    expect(said.join()).toContain('nobody answers')
  })
})
