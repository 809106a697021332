import type { TrailRow } from './trail/row.ts'

/** The columns as they lie in the database: text, integer and blob, nothing else. */
export interface Tables {
  meta: { key: string; value: string }
  user: {
    id: string
    name: string
    /** The name in the one form in which names are compared. */
    name_key: string
    display_name: string
    email: string | null
    /** JSON list of text. */
    groups: string
    status: string
    password_hash: string | null
    /** Rises with every change of the password. */
    password_version: number
    /** When the person, or whoever passed for them, changed it last. */
    password_changed_at: number | null
    /** The same of the mail address. */
    email_changed_at: number | null
    created_at: number
    /** Until then nothing about the account changes. */
    frozen_until: number | null
    /** The application whose user this is; null for people who sign in here. */
    application: string | null
  }
  session: {
    id: string
    secret_hash: Uint8Array
    user_id: string
    aal: number
    phishing_resistant: number
    /** JSON list of text. */
    amr: string
    /** JSON list of ids of credentials. */
    proved_by: string
    authenticated_at: number
    created_at: number
    last_seen_at: number
    expires_at: number
    remembered: number
    address: string
    user_agent: string
    /** JSON of what the signals found at the sign-in; null where nothing was weighed. */
    risk: string | null
  }
  credential: {
    id: string
    user_id: string
    kind: string
    label: string
    /** Unique within its kind. */
    handle: string | null
    /** Sealed, bound to this row and this user. */
    data: Uint8Array
    version: number
    state: string
    failures: number
    created_at: number
    last_used_at: number | null
    /** When it was confirmed and began to count; null for what has counted from the first. */
    bound_at: number | null
    /** When somebody said that it is not theirs: since then it counts for nothing. */
    contested_at: number | null
  }
  attempt: {
    id: string
    user_id: string
    browser_hash: Uint8Array
    /** JSON of all the rest. */
    state: string
    expires_at: number
    version: number
  }
  bucket: {
    key: string
    count: number
    /** When the failures are forgotten. */
    forget_at: number
    /** Nothing is taken before this time. */
    closed_until: number
    /** 1 while it is closed because nothing more is taken, and not to slow somebody down. */
    blocked: number
    /** Since when somebody has had to wait; null while nobody has. */
    slowed_at: number | null
    /** Sealed, bound to this row: JSON of what and whom it concerns, while somebody has to wait. */
    about: Uint8Array | null
  }
  device: { user_id: string; browser_hash: Uint8Array; seen_at: number }
  /** What is usual for a person: JSON, without an address. */
  habit: { user_id: string; habits: string; at: number }
  challenge: {
    id: string
    user_id: string
    credential_id: string
    kind: string
    bound_to: string
    state: string
    /** Sealed, bound to this row: JSON of `data` and `about`. */
    data: Uint8Array
    failures: number
    sends: number
    delivery: string
    /** Of the last message, at the service that carried it. */
    reference: string | null
    resend_at: number
    created_at: number
    expires_at: number
    version: number
  }
  /** Marks that may be set once. */
  spent: { mark: Uint8Array; expires_at: number }
  event: TrailRow
  /** Where a session has been. */
  visit: { session_id: string; host: string; user_id: string; at: number }
  /** What is counted for alerts of one kind. */
  alert_state: {
    kind: string
    /** Sealed, bound to this row: JSON. */
    state: Uint8Array
    /** When somebody has to look at it again; null for never. */
    wake_at: number | null
  }
  /** Alerts on their way, a row for each recipient. */
  alert_letter: {
    id: string
    /** Sealed, bound to this row: JSON. */
    letter: Uint8Array
    claims: number
    /** Somebody is sending it until then. */
    claimed_until: number
    created_at: number
  }
  /** Signed places of the trail. */
  checkpoint: {
    /** Of the event. */
    id: number
    at: number
    hash: Uint8Array
    /** 1 where the chain begins after it: what was before has been removed in good order. */
    begins: number
    signature: Uint8Array
  }
  api_key: {
    id: string
    application: string
    /** What it is for, in the operator's words. */
    label: string
    secret_hash: Uint8Array
    /** JSON list of text. */
    scopes: string
    /** JSON list of networks; empty for anywhere. */
    networks: string
    created_at: number
    expires_at: number | null
    last_used_at: number | null
  }
  /** Answers to requests that may come twice. */
  idempotency: {
    /** Of the API key, the key and the path. */
    key: Uint8Array
    /** Of the request: the same key with another request is a fault. */
    request: Uint8Array
    /** Null while the first request is under way. */
    status: number | null
    /** Sealed, bound to the key. */
    body: Uint8Array | null
    expires_at: number
  }
  /** What a person has agreed to. */
  consent: {
    id: string
    user_id: string
    /** Which text: `privacy-notice`, or `application` for what one asks for. */
    document: string
    /** The version of the text. */
    version: string
    agreed_at: number
    recorded_at: number
  }
  /** Word that applications are owed about their challenges. */
  webhook: {
    id: string
    challenge_id: string
    user_id: string
    application: string
    url: string
    /** Sealed, bound to this row: JSON. */
    about: Uint8Array
    claims: number
    /** Somebody is sending it until then. */
    claimed_until: number
    created_at: number
  }
  ticket: {
    hash: Uint8Array
    purpose: string
    user_id: string | null
    /** Only the browser that asked for it may use it. */
    browser_hash: Uint8Array | null
    /** When that happened which it is the way back from. */
    since: number | null
    expires_at: number
  }
  signing_key: {
    id: string
    /** Sealed, bound to this row. */
    private_jwk: Uint8Array
    public_jwk: string
    active_at: number
    created_at: number
  }
}
