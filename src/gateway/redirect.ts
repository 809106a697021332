import { sendAnswer } from './answers.ts'
import { peerOf } from './listen/peer.ts'
import type { Listener } from './listener.ts'
import type { Refusals } from './refusals.ts'
import { isRefusal, type RequestReader } from './request.ts'
import type { Routes } from './routes.ts'

export interface RedirectDeps {
  readRequest: RequestReader
  routes: Routes
  portal: URL
  refusals: Refusals
}

/**
 * Sends every request to the same page by https, and nobody anywhere else: the address comes from the
 * configuration, and a host that is not ours is told so.
 */
export function createRedirect({ readRequest, routes, portal, refusals }: RedirectDeps): Listener {
  const port = portal.port === '' ? undefined : Number(portal.port)

  return (message, response) => {
    const request = readRequest(message)
    if (isRefusal(request)) {
      const { address } = peerOf(message.socket)
      return sendAnswer(message, response, refusals.malformed(request, address))
    }
    // Whatever port it came by, the page is at that of the portal.
    const place = { host: request.host, port }
    const origin = routes.isPortal(place) ? portal.origin : routes.find(place)?.origin
    if (!origin?.startsWith('https:')) {
      return sendAnswer(message, response, refusals.notServed(request))
    }
    sendAnswer(message, response, {
      // Method and body stay what they are.
      status: 308,
      headers: [['Location', origin + request.target]],
    })
  }
}
