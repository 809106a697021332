import * as z from 'zod'

/** No answer is larger: an attestation with its certificates is a few kilobytes. */
const MAX_ANSWER_CHARACTERS = 16 * 1024
/** WebAuthn Level 3, section 7.1, step 25: ids have at most 1023 bytes. */
const MAX_ID_BYTES = 1023

const base64url = z.string().refine((text) => isCanonical(text))
const id = base64url.refine((text) => decoded(text).byteLength <= MAX_ID_BYTES).min(1)
const extensions = z.record(z.string(), z.unknown())
const attachment = z.enum(['platform', 'cross-platform']).nullish()

const credential = z.object({
  id,
  rawId: id,
  type: z.literal('public-key'),
  clientExtensionResults: extensions,
  authenticatorAttachment: attachment,
})

const assertion = credential.extend({
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
})

const attestation = credential.extend({
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .nullish(),
  }),
})

// Other members are allowed: the specification adds some now and then.
const clientData = z.object({
  type: z.string(),
  challenge: base64url,
  origin: z.string(),
  crossOrigin: z.literal(false).nullish(),
  topOrigin: z.never().optional(),
})

/** What the client says about the ceremony. */
export type ClientData = z.output<typeof clientData>

export type Assertion = z.output<typeof assertion> & { client: ClientData }
export type Attestation = z.output<typeof attestation> & { client: ClientData }

/** Reads the answer of `navigator.credentials.get`, as JSON; `undefined` when it is none. */
export const readAssertion = (answer: string): Assertion | undefined => read(answer, assertion)

/** Reads the answer of `navigator.credentials.create`, as JSON; `undefined` when it is none. */
export const readAttestation = (answer: string): Attestation | undefined =>
  read(answer, attestation)

/**
 * Reads an answer and what the client says in it. An answer from within a frame of another site is
 * none: our pages are never framed.
 */
function read<T extends z.output<typeof credential> & { response: { clientDataJSON: string } }>(
  answer: string,
  schema: z.ZodType<T>,
): (T & { client: ClientData }) | undefined {
  if (answer.length > MAX_ANSWER_CHARACTERS) return undefined
  const given = schema.safeParse(json(answer))
  if (!given.success || given.data.id !== given.data.rawId) return undefined
  const client = clientData.safeParse(json(utf8(given.data.response.clientDataJSON)))
  return client.success ? { ...given.data, client: client.data } : undefined
}

const decoded = (text: string) => Buffer.from(text, 'base64url')

/** Two spellings of one value would let it count as two. */
const isCanonical = (text: string) => decoded(text).toString('base64url') === text

function utf8(text: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decoded(text))
  } catch {
    return undefined
  }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
