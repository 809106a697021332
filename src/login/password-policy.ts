/** Says which passwords may be chosen. Never asks for capitals, digits or signs. */
export interface PasswordPolicy {
  minimumLength: number
  /**
   * @param about Words that an attacker would try first: the user's name, mail address, display name.
   * @returns Why a password may not be chosen, as a sentence; `undefined` when it may.
   */
  fault(password: string, about: readonly string[]): Promise<string | undefined>
}

export interface PasswordPolicyDeps {
  /** May a password alone open anything? */
  alone: boolean
  /** Words of this place: its name, its hosts. */
  contextWords: readonly string[]
  /** Leaked passwords that the operator keeps a list of. */
  breaches?: { has(password: string): Promise<boolean | undefined> } | undefined
}

/** Above this nothing is gained, and hashing would be asked for too much. */
const MAXIMUM_LENGTH = 256

/** @see NIST SP 800-63B-4, section 3.1.1.2 (Password Verifiers) */
export function createPasswordPolicy({
  alone,
  breaches,
  contextWords,
}: PasswordPolicyDeps): PasswordPolicy {
  const minimumLength = alone ? 15 : 8

  return {
    minimumLength,

    async fault(password, about) {
      // Each code point counts one, as a person would count.
      const length = [...password.normalize('NFC')].length
      if (length < minimumLength) {
        return `Please use at least ${minimumLength} characters. A few words in a row do well.`
      }
      if (length > MAXIMUM_LENGTH) return `Please use at most ${MAXIMUM_LENGTH} characters.`
      const bare = foldWord(password)
      if (isRepetition(bare)) return 'Please do not repeat one short piece all over.'
      const word = [...about, ...contextWords]
        .map(foldWord)
        .find((it) => it !== '' && standsFor(bare, it))
      if (word !== undefined)
        return 'Please choose something other than your name or the name of this site.'
      const common = await commonPasswords()
      return common.has(bare) ||
        common.has(password.toLowerCase()) ||
        (await breaches?.has(password)) === true
        ? 'This password is on the list that attackers try first. Please choose another.'
        : undefined
    },
  }
}

const foldWord = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')

/** The word itself, or the word with a few characters around it. */
const standsFor = (password: string, word: string) =>
  word.length >= 4 && password.includes(word) && password.length - word.length <= 4

const isRepetition = (text: string) => /^(.{1,4})\1+$/u.test(text)

let loaded: Promise<ReadonlySet<string>> | undefined

/** Some fifty thousand leaked passwords, loaded when the first password is chosen and kept. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].map(String)),
  )
  return loaded
}
