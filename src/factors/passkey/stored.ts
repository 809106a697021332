import * as z from 'zod'

/** What is kept of an authenticator that is being enrolled. */
const awaited = z.strictObject({
  /** Ids of authenticators that the person has already. */
  exclude: z.array(z.string()),
  /** Their names, so that the new one gets another. */
  taken: z.array(z.string()),
})

/** What is kept of a passkey. */
const passkey = z.strictObject({
  /** A COSE key, base64url. */
  publicKey: z.string(),
  counter: z.int(),
  transports: z.array(z.string()),
  aaguid: z.string(),
  /** The authenticator's model, as far as it is known. */
  model: z.string().optional(),
  /** Did it prove its model? */
  attested: z.boolean(),
  /** May it be copied to other devices (BE)? Never changes. */
  eligible: z.boolean(),
  /** Has it been copied (BS)? */
  backedUp: z.boolean(),
  /**
   * Did it verify its user when it was enrolled? A key without a PIN may be given one by whoever
   * finds it, so a later verification makes it no second factor of its own.
   *
   * @see WebAuthn Level 3, section 4, "uvInitialized"
   */
  verifies: z.boolean(),
})

export const kept = z.union([passkey, awaited])

export type Passkey = z.output<typeof passkey>

/** What is kept of an open question: the options that the browser gets, whole. */
export const question = z.strictObject({
  options: z.looseObject({ challenge: z.string() }),
  /** Ids of the credentials that may answer. */
  allow: z.array(z.string()).default([]),
})

/** Is this a passkey, and not one that is yet to be made? */
export const isPasskey = (data: z.output<typeof kept>): data is Passkey => 'publicKey' in data
