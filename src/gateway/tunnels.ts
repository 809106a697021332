import type { Socket } from 'node:net'
import type { Stream, Streams } from './streams.ts'
import { closeFrame } from './web-socket.ts'

/** One open WebSocket. */
export interface Tunnel extends Pick<Stream, 'asked' | 'sessionId' | 'allowedBy'> {
  client: Socket
  upstream: Socket
}

/** For the close frame to be read. */
const LINGER_MS = 500

/** Puts a WebSocket under watch, and lets neither end outlive the other. */
export function openTunnel(streams: Streams, { client, upstream, ...letIn }: Tunnel): void {
  let isEnding = false
  const stream: Stream = {
    ...letIn,
    isEndless: true,
    end(why) {
      if (isEnding) return
      isEnding = true
      upstream.unpipe(client)
      client.end(closeFrame(why === 'going_away' ? 1001 : 1008))
      upstream.destroy()
      setTimeout(() => client.destroy(), LINGER_MS).unref()
    },
  }
  streams.add(stream)
  upstream.once('close', () => client.destroySoon())
  client.once('close', () => {
    upstream.destroy()
    streams.remove(stream)
  })
}
