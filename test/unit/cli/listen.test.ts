import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { listen, makeRoom } from '../../../src/cli/listen.ts'

let folder: string
let path: string
const servers: Server[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  path = join(folder, 'gate.sock')
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  rmSync(folder, { recursive: true })
})

async function open(mode?: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end('hello')
  })
  servers.push(server)
  await makeRoom({ path }, 'listen')
  await listen(server, { path }, 'listen', mode)
  return server
}
const heard = () =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(path)
    socket.on('data', (bytes) => resolve(String(bytes)))
    socket.on('error', reject)
  })

describe('a socket of the file system', () => {
  it.each([
    [undefined, 0o660],
    [0o600, 0o600],
    [0o666, 0o666],
  ])('is open to whom its mode says: %s', async (mode, expected) => {
    await open(mode)
    expect(statSync(path).mode & 0o777).toBe(expected)
    expect(await heard()).toBe('hello')
  })

  it('is gone when the door is closed', async () => {
    const server = await open()
    await new Promise((resolve) => server.close(resolve))
    expect(() => statSync(path)).toThrow()
  })

  it('takes the place of one that somebody has left behind', async () => {
    // A process that is killed leaves its socket.
    const { spawnSync } = await import('node:child_process')
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect(statSync(path).isSocket()).toBe(true)
    await open()
    expect(await heard()).toBe('hello')
  })

  it('does not take the place of one that is in use', async () => {
    await open()
    await expect(open()).rejects.toThrow(OperatorError)
    expect(await heard()).toBe('hello')
  })

  it('does not take the place of anything else', async () => {
    writeFileSync(path, 'precious')
    await expect(open()).rejects.toThrow(/is no socket/)
    expect(statSync(path).isFile()).toBe(true)
  })

  it('needs a folder', async () => {
    path = join(folder, 'nowhere', 'gate.sock')
    await expect(open()).rejects.toThrow(/no folder/)
  })
})
