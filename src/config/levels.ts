import type { Level } from '../policy/config.ts'

/** A way to prove who one is, and what it is good for. */
export interface Method {
  /** The key under `factors` that switches it on; absent for the password, which is always there. */
  factor?: string
  name: string
  satisfies: string
  /** How a session says that it was used (RFC 8176); a rule may ask for it. */
  amr: readonly string[]
  isPhishingResistant?: boolean
  /** Can people have it beside another factor only? */
  isBeside?: boolean
}

/** What each method satisfies, as the reference tells it. */
export const METHODS: readonly Method[] = [
  { name: 'password', satisfies: '`one_factor`', amr: ['pwd'] },
  {
    factor: 'passkey',
    name: 'passkey with user verification (fingerprint, face, PIN)',
    satisfies: '`two_factor` and `phishing_resistant`, alone: no password is asked',
    amr: ['pop', 'hwk', 'swk'],
    isPhishingResistant: true,
  },
  {
    factor: 'passkey',
    name: 'security key without user verification',
    satisfies: '`two_factor` and `phishing_resistant`, after a password',
    amr: ['pop', 'hwk'],
    isPhishingResistant: true,
  },
  {
    factor: 'totp',
    name: 'code from an authenticator app (TOTP)',
    satisfies: '`two_factor`, after a password',
    amr: ['otp'],
  },
  {
    factor: 'push',
    name: 'approval in another browser, with number matching',
    satisfies: '`two_factor`, after a password',
    amr: ['mca'],
  },
  {
    factor: 'device_key',
    name: 'key of a device, used with a fingerprint or a face; `hwk` where the device proved it',
    satisfies: '`two_factor`, after a password',
    amr: ['pop', 'hwk', 'user'],
  },
  {
    factor: 'sms',
    name: 'code by text message (weak)',
    satisfies: '`two_factor`, after a password, while `login.two_factor_methods` lists it',
    amr: ['otp', 'sms'],
  },
  {
    factor: 'voice',
    name: 'code by phone call (weak)',
    satisfies: '`two_factor`, after a password, while `login.two_factor_methods` lists it',
    amr: ['otp', 'tel'],
  },
  {
    factor: 'email',
    name: 'code by e-mail (weak)',
    satisfies: '`two_factor`, after a password, while `login.two_factor_methods` lists it',
    amr: ['otp'],
  },
  {
    factor: 'backup_code',
    name: 'backup code',
    satisfies: '`two_factor`, after a password; whoever used one is asked to set up another way',
    amr: ['otp'],
    isBeside: true,
  },
]

/** Can anybody reach a level with these factors switched on? */
export function isReachable(level: Level, factors: readonly string[]): boolean {
  if (level === 'two_factor') {
    const beside = METHODS.filter(({ isBeside }) => isBeside).map(({ factor }) => factor)
    return factors.some((factor) => !beside.includes(factor))
  }
  if (level !== 'phishing_resistant') return true
  return METHODS.some(
    ({ factor, isPhishingResistant }) => isPhishingResistant && isOn(factor, factors),
  )
}

/** The methods, as a session names them, that can be used with these factors switched on. */
export const usableMethods = (factors: readonly string[]): string[] =>
  METHODS.filter(({ factor }) => factor === undefined || isOn(factor, factors)).flatMap(
    ({ amr }) => amr,
  )

const isOn = (factor: string | undefined, factors: readonly string[]) =>
  factor !== undefined && factors.includes(factor)
