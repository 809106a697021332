import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Assertions } from './assertion/assertions.ts'
import type { Allowed } from './authorize.ts'
import type { Identity } from './identity-headers.ts'
import type { GatewayRequest } from './request.ts'

/** Answers one message that has been read. */
export type Door = (
  message: IncomingMessage,
  response: ServerResponse,
  request: GatewayRequest,
) => void

/** The parts of a request that a decision depends on. */
export const askedBy = ({ method, host, port, target, rawPath, address }: GatewayRequest) => ({
  method,
  host,
  port,
  target,
  rawPath,
  address,
})

/**
 * Who is there, signed.
 *
 * @throws {IdentityUnavailable} A failure to sign is a failure, never a request without identity.
 */
export async function identityOf(
  assertions: Assertions,
  { route, signedIn }: Allowed,
): Promise<Identity | undefined> {
  if (!signedIn) return undefined
  return { signedIn, assertion: await assertions.sign(route, signedIn) }
}
