import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { PLAIN, type Place } from '../../../../src/gateway/server.ts'
import { takeMessage } from '../../../support/http1.ts'
import { portOf } from '../../../support/ports.ts'
import type { Gate } from '../gate.ts'

/** Opens one more door of a gate, on a port of loopback. */
export async function openDoor({ front }: Gate, place: Partial<Place>): Promise<number> {
  const server = front.door({ ...PLAIN, ...place })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return portOf(server)
}

/** Writes pieces one after the other, and reads until the other side closes or an answer is whole. */
export async function talk(to: Socket, ...pieces: (string | Buffer)[]): Promise<string> {
  let got = Buffer.alloc(0)
  onTestFinished(() => void to.destroy())
  const done = new Promise<void>((resolve) => {
    to.on('error', () => resolve())
    to.on('close', () => resolve())
    to.on('data', (bytes: Buffer) => {
      got = Buffer.concat([got, bytes])
      if (takeMessage(got, 'answer', false)) resolve()
    })
  })
  for (const piece of pieces) {
    to.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await done
  return got.toString('latin1')
}

export const plainTo = (port: number): Socket => connect(port, '127.0.0.1')
