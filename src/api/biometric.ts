import { OpenAPIHono } from '@hono/zod-openapi'
import type { Engine } from '../login/login.ts'
import { type AskingDeps, createAsking } from './asking.ts'
import type { ConsentsDeps } from './consents.ts'
import { deviceRoutes } from './devices.ts'
import type { ApiEnv } from './env.ts'
import { checkFields } from './faults.ts'
import { passkeyRoutes } from './passkeys.ts'

export interface BiometricDeps extends AskingDeps, ConsentsDeps {
  /** The engine of each application that is known, whose passkeys always verify their user. */
  biometrics: ReadonlyMap<string, Engine>
}

/**
 * Fingerprint and face for other applications' users. What we get is a signature of a key that a device
 * uses after it has recognized its owner; what its sensor saw stays there.
 */
export function biometricApi(deps: BiometricDeps): OpenAPIHono<ApiEnv> {
  const shared = { ...deps, asking: createAsking({ ...deps, engines: deps.biometrics }) }
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })
  app.route('/', passkeyRoutes(shared))
  app.route('/', deviceRoutes(shared))
  return app
}
