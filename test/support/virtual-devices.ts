import type { BrowserContext, CDPSession, Page } from 'playwright-core'

export type DeviceKind = 'platform' | 'key with PIN' | 'plain key'

/** The virtual authenticators of a browser. */
export interface Devices {
  add(kind: DeviceKind): Promise<Device>
  /** Resolves when the browser has taken a passkey off a device. */
  untilForgotten(): Promise<void>
}

export interface Device {
  /** Does it wait for a touch that never comes, instead of having it at once? */
  waits(isWaiting: boolean): Promise<void>
  knowsItsUser(isKnown: boolean): Promise<void>
  /** How many passkeys it has. */
  holds(): Promise<number>
  passkeys(): Promise<{ userHandle?: string }[]>
}

/** Gives a page's browser devices that are none, and answer as real ones do. */
export async function devicesOf(context: BrowserContext, page: Page): Promise<Devices> {
  const cdp: CDPSession = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  return {
    untilForgotten: () =>
      new Promise((resolve) => cdp.once('WebAuthn.credentialDeleted', () => resolve())),

    async add(kind) {
      const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: kind === 'platform' ? 'internal' : 'usb',
          hasResidentKey: kind !== 'plain key',
          hasUserVerification: kind !== 'plain key',
          isUserVerified: kind !== 'plain key',
          automaticPresenceSimulation: true,
        },
      })
      const passkeys = async () =>
        (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
      return {
        waits: async (isWaiting) => {
          const enabled = !isWaiting
          await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
        },
        knowsItsUser: async (isUserVerified) => {
          await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
        },
        holds: async () => (await passkeys()).length,
        passkeys,
      }
    },
  }
}
