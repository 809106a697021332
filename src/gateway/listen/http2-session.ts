import type { ServerHttp2Session, ServerOptions } from 'node:http2'

/** Bounds of one connection: what a browser needs, and not much more. */
export const SESSION_OPTIONS: ServerOptions = {
  settings: {
    enablePush: false,
    maxConcurrentStreams: 128,
    maxHeaderListSize: 16 * 1024,
    initialWindowSize: 256 * 1024,
  },
  // Those of HTTP/1, and the pseudo headers.
  maxHeaderListPairs: 260,
  maxSessionMemory: 10,
}

/** Uploads over long distances need some bytes on their way; a connection may have this many. */
const WINDOW_BYTES = 1024 * 1024
/** As long as a connection of HTTP/1 is kept. */
const IDLE_MS = 75_000

/** Keeps a connection only while it is of use. */
export function tendSession(session: ServerHttp2Session): void {
  session.setLocalWindowSize(WINDOW_BYTES)
  let open = 0
  const close = () => session.close()
  let idle = setTimeout(close, IDLE_MS).unref()
  session.on('stream', (stream) => {
    open += 1
    clearTimeout(idle)
    stream.once('close', () => {
      open -= 1
      if (open === 0) idle = setTimeout(close, IDLE_MS).unref()
    })
  })
  session.once('close', () => clearTimeout(idle))
}
