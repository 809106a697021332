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
 * Who is there, signed: at once where it was signed a moment ago.
 *
 * @throws {IdentityUnavailable} A failure to sign is a failure, never a request without identity.
 */
export function identityOf(
  assertions: Assertions,
  { route, signedIn }: Allowed,
): Identity | undefined | Promise<Identity> {
  if (!signedIn) return undefined
  const known = assertions.known(route, signedIn)
  if (known !== undefined) return { signedIn, assertion: known }
  return assertions.sign(route, signedIn).then((assertion) => ({ signedIn, assertion }))
}
