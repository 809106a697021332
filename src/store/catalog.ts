import type { Tables } from './tables.ts'

/**
 * What is stored, field by field: why, about whom, and for how long. The export of a person's data, its
 * erasure and `docs/privacy.md` all follow from this, so that none of them can forget a column.
 */
export type Catalog = { readonly [Name in keyof Tables]: TableEntry<keyof Tables[Name] & string> }

export interface TableEntry<Column extends string = string> {
  /** What a row is, as a sentence for people. */
  holds: string
  /** How rows belong to somebody. */
  of: Ownership<Column>
  /** When rows go, as a sentence. */
  kept: string
  fields: Readonly<Record<Column, Field>>
}

export type Ownership<Column extends string = string> =
  /** The column with the user's id. */
  | { user: Column }
  /** Of nobody, or of nobody that could be told from the row; and why that is so. */
  | { nobody: string }

export interface Field {
  /** What it is, and what it is needed for. */
  why: string
  /**
   * Does it say something about a person? `digest`: it was made of something about one, and cannot be
   * turned back.
   */
  personal: 'yes' | 'digest' | 'no'
  /**
   * What the person is given of it. `opened`: it is sealed, and its parts are given one by one; `withheld`:
   * that it is there, and nothing more, since it proves who somebody is.
   */
  export: 'given' | 'opened' | 'withheld'
  /** How it is written, where it is neither text nor a number. */
  form?: 'time' | 'json' | 'flag'
  /** Where it goes earlier than its row. */
  kept?: string
}

type Form = Field['form']

/** Says something about a person, who is given it. */
const personal = (why: string, form?: Form): Field => ({
  why,
  personal: 'yes',
  export: 'given',
  ...(form ? { form } : {}),
})
/** Says nothing about a person by itself. */
const plain = (why: string, form?: Form): Field => ({ ...personal(why, form), personal: 'no' })
/** Would help whoever reads it to be somebody. */
const secret = (why: string): Field => ({ why, personal: 'no', export: 'withheld' })
/** A digest of something about a person. */
const digest = (why: string): Field => ({ why, personal: 'digest', export: 'withheld' })
/** Encrypted; some of its parts are for the person. */
const sealed = (why: string): Field => ({ why, personal: 'yes', export: 'opened' })

const WHOSE = plain('Whose it is.')
const COUNTER = plain('Counts changes, so that of two at once exactly one counts.')
const AT_ERASURE = 'Until the account is erased or deleted.'

/** Every table and every column; the types refuse one that is missing, and a test one that is not there. */
export const CATALOG: Catalog = {
  meta: {
    holds: 'What the database says of itself.',
    of: { nobody: 'It is about the installation.' },
    kept: 'For good.',
    fields: {
      key: plain('The name of a value.'),
      value: plain('The value, such as the mark by which the secret key is recognized.'),
    },
  },

  user: {
    holds:
      'A person who signs in here, or a user of another application whose second factors are here.',
    of: { user: 'id' },
    kept: AT_ERASURE,
    fields: {
      id: plain('A random number that stands for the person, here and towards applications.'),
      name: personal('Typed at sign-in. Of an application’s user: the id by which it calls them.'),
      name_key: personal('The same in the one form in which names are compared.'),
      display_name: personal('Shown on pages and told to the applications that are opened.'),
      email: personal('Where notices, codes and links for a new password go.'),
      groups: personal(
        'What the person may open; told to the applications that are opened.',
        'json',
      ),
      status: personal('May they sign in?'),
      password_hash: secret(
        'Checks the password (argon2id); nobody can read the password from it.',
      ),
      password_version: personal('How often the password has been changed.'),
      password_changed_at: personal('When the person changed it last.', 'time'),
      email_changed_at: personal('When the person changed the mail address last.', 'time'),
      created_at: personal('When the account was made.', 'time'),
      frozen_until: personal('Until when nothing changes, after “this was not me”.', 'time'),
      application: plain('The application whose user this is; empty for people who sign in here.'),
    },
  },

  session: {
    holds: 'A browser that is signed in.',
    of: { user: 'user_id' },
    kept: 'Until it ends: by sign-out, at the latest after `session.absolute` or `session.remembered`.',
    fields: {
      id: secret('Names the session; half of what the cookie holds.'),
      secret_hash: secret('Checks the other half of the cookie.'),
      user_id: WHOSE,
      aal: plain('How much was proved: one factor, or two.'),
      phishing_resistant: plain('Was a proof among them that no false page can relay?', 'flag'),
      amr: personal('Which methods were used.', 'json'),
      proved_by: personal('Which authenticators were used.', 'json'),
      authenticated_at: personal(
        'When the last proof was given; decides when another is due.',
        'time',
      ),
      created_at: personal('When the person signed in.', 'time'),
      last_seen_at: personal('When the browser was seen last; an idle session ends.', 'time'),
      expires_at: plain('When it ends at the latest.', 'time'),
      remembered: personal('Did the person ask to stay signed in?', 'flag'),
      address: personal(
        'Where the browser was at sign-in, so that people recognize their sessions.',
      ),
      user_agent: personal('What the browser called itself, for the same reason.'),
      risk: personal(
        'How unusual the sign-in was, and why; rules may ask for more then. Only with `login.risk`.',
        'json',
      ),
    },
  },

  credential: {
    holds:
      'An authenticator: an app, a passkey, a device, a number, an address, or codes on paper.',
    of: { user: 'user_id' },
    kept: 'Until the person removes it; one that was begun and never confirmed for a day.',
    fields: {
      id: plain('Names it.'),
      user_id: WHOSE,
      kind: personal('What kind of authenticator it is.'),
      label: personal('What the person calls it.'),
      handle: personal('The id that a passkey or a device gave itself; finds it again.'),
      data: sealed(
        'What it takes to check its answers: the secret of an app, the public key of a passkey, the number or address that codes go to, hashes of backup codes. Secrets and keys are never given.',
      ),
      version: COUNTER,
      state: personal('Does it count: not yet, yes, or no longer?'),
      failures: personal('Failures in a row; too many disable it.'),
      created_at: personal('When it was added.', 'time'),
      last_used_at: personal('When it was used last; proposed first at the next sign-in.', 'time'),
      bound_at: personal('When it was confirmed, and began to count.', 'time'),
      contested_at: personal('When it was set aside by “this was not me”.', 'time'),
    },
  },

  attempt: {
    holds: 'A sign-in on its way.',
    of: { user: 'user_id' },
    kept: 'For `login.attempt`, ten minutes unless set otherwise.',
    fields: {
      id: secret('Names the sign-in in the address of its page.'),
      user_id: WHOSE,
      browser_hash: secret('Ties it to the one browser that began it.'),
      state: personal('Where it leads, what was proved so far, and what was chosen.', 'json'),
      expires_at: plain('When it ends.', 'time'),
      version: COUNTER,
    },
  },

  bucket: {
    holds: 'A count of guesses or messages, so that nobody tries or sends without end.',
    of: {
      nobody:
        'Its key is a digest under the secret key: no row tells whose it is, and whom one slows down is sealed. Erasing an account leaves it, or erasing would be a way to guess on.',
    },
    kept: 'For 10 or 15 minutes after the first failure; of passwords also for a day, and counts of messages for an hour or a day.',
    fields: {
      key: digest(
        'What is counted: an address (an IPv6 network of /64), an account, a number that codes go to.',
      ),
      count: plain('How many.'),
      forget_at: plain('When they are forgotten.', 'time'),
      closed_until: plain('Until when nothing more is taken.', 'time'),
      blocked: plain('Whether that is a block and no mere pause.', 'flag'),
      slowed_at: plain('Since when somebody has had to wait.', 'time'),
      about: sealed(
        'What is counted, and the user or the address that has to wait; there for as long as that lasts.',
      ),
    },
  },

  device: {
    holds:
      'A browser in which a person has signed in before; it is not slowed down by the guesses of strangers, and not told of as new.',
    of: { user: 'user_id' },
    kept: 'For `privacy.browsers` after it was seen last, a year unless set otherwise.',
    fields: {
      user_id: WHOSE,
      browser_hash: digest('A digest of a random number in the browser’s own cookie.'),
      seen_at: personal('When the person signed in there last.', 'time'),
    },
  },

  habit: {
    holds:
      'What the sign-ins of a person usually look like, so that an unusual one is noticed. Only with `login.risk`.',
    of: { user: 'user_id' },
    kept: 'For 180 days after the last sign-in; networks and countries for 180 days after the last sign-in from there.',
    fields: {
      user_id: WHOSE,
      habits: personal(
        'At most 24 networks, as digests, 12 countries, how many sign-ins fell on which hour, and the last place to a degree.',
        'json',
      ),
      at: personal('When the person signed in last.', 'time'),
    },
  },

  challenge: {
    holds: 'A question to a person, such as a code that was sent.',
    of: { user: 'user_id' },
    kept: 'For a day after it ends.',
    fields: {
      id: secret('Names the question.'),
      user_id: WHOSE,
      credential_id: plain('The authenticator that is to answer.'),
      kind: personal('What kind of authenticator that is.'),
      bound_to: secret('The sign-in or application that it belongs to.'),
      state: personal('What became of it.'),
      data: sealed(
        'What it takes to check the answer; and who asked, from where and for what, which the person is shown on the other device; and how it was answered.',
      ),
      failures: personal('Wrong answers; five end it.'),
      sends: personal('Messages sent.'),
      delivery: personal('How far the last message has come.'),
      reference: secret('What the service that carried the last message calls it.'),
      resend_at: plain('When another one may be sent.', 'time'),
      created_at: personal('When it was put.', 'time'),
      expires_at: plain('When it ends.', 'time'),
      version: COUNTER,
    },
  },

  spent: {
    holds: 'A mark that says that an answer was used, so that it is good once.',
    of: { nobody: 'A digest of a random number; it tells nothing about anybody.' },
    kept: 'For a day.',
    fields: {
      mark: plain('A digest of the question that was answered.'),
      expires_at: plain('When it goes.', 'time'),
    },
  },

  event: {
    holds: 'Something that happened: a sign-in, a refusal, a change of the account.',
    of: { user: 'user_id' },
    kept: 'For `audit.keep`, a year unless set otherwise. When somebody is erased, what happened stays under a pseudonym, without who it was and from where.',
    fields: {
      id: plain('Its place in the chain.'),
      at: personal('When it happened.', 'time'),
      name: personal('What happened.'),
      about: personal(
        'What is known of it that tells nothing about a person: the kind of factor, the rule, a reason.',
        'json',
      ),
      about_digest: plain('Ties that to the chain, so that a change is found.'),
      salt: secret('Keeps the digest of the personal part from being guessed.'),
      personal: {
        ...personal('Who, from where, and anything else worth knowing: the browser, a path.'),
        export: 'opened',
      },
      personal_digest: digest(
        'Ties the personal part to the chain; tells nothing once the salt is gone.',
      ),
      hash: plain('Ties the row to the one before.'),
      user_id: personal('To whom; a pseudonym after an erasure.'),
      session_id: secret('In which session.'),
      address: personal('From where: whole, cut, or not at all, as `privacy.addresses` says.'),
      reference: personal('The number that a refused page showed.'),
    },
  },

  visit: {
    holds: 'An application that a session has been let in to, so that this is written down once.',
    of: { user: 'user_id' },
    kept: 'As long as the session.',
    fields: {
      session_id: secret('Which session.'),
      host: personal('Where.'),
      user_id: WHOSE,
      at: personal('When for the first time.', 'time'),
    },
  },

  alert_state: {
    holds:
      'What is counted for alerts to the operator: how many wrong answers from which addresses and about which accounts.',
    of: {
      nobody:
        'It is sealed and tells of attacks, not of people; an id in it leads nowhere once the account is gone.',
    },
    kept: 'Counts for as long as alerts of a kind are kept quiet (`alerts.quiet`), then they go; what was told of keys, certificates and the trail stays until it is over.',
    fields: {
      kind: plain('The kind of alert.'),
      state: secret('The counts, and what was told already.'),
      wake_at: plain('When to look at it again.', 'time'),
    },
  },

  alert_letter: {
    holds: 'An alert on its way to the operator.',
    of: {
      nobody: 'It is addressed to the operator; ids of accounts become names only when it is sent.',
    },
    kept: 'Until it is delivered; for a day at most.',
    fields: {
      id: plain('Names it, so that the other side can tell a repetition.'),
      letter: secret('To whom it goes, and what happened.'),
      claims: COUNTER,
      claimed_until: plain('Until when it is being sent.', 'time'),
      created_at: plain('When it was written.', 'time'),
    },
  },

  checkpoint: {
    holds:
      'A signed place of the trail of events, by which a trail that was made anew is found out.',
    of: { nobody: 'It tells a place in the order and a digest of digests.' },
    kept: 'As long as the row that it is about.',
    fields: {
      id: plain('The row.'),
      at: plain('When it was signed.', 'time'),
      hash: plain('The hash of the row.'),
      begins: plain(
        'Does the trail begin after it, since what was before has been kept for long enough?',
        'flag',
      ),
      signature: plain('Ed25519, by a key that belongs to the secret key.'),
    },
  },

  api_key: {
    holds: 'A key by which another application uses the API.',
    of: { nobody: 'It belongs to an application.' },
    kept: 'Until it is revoked.',
    fields: {
      id: plain('Names the key.'),
      application: plain('Whose it is.'),
      label: plain('What it is for, in the operator’s words.'),
      secret_hash: secret('Checks the key.'),
      scopes: plain('What it may do.', 'json'),
      networks: plain('From where it may be used.', 'json'),
      created_at: plain('When it was made.', 'time'),
      expires_at: plain('When it ends.', 'time'),
      last_used_at: plain('When it was used last, to find keys that nobody needs.', 'time'),
    },
  },

  idempotency: {
    holds: 'The answer to a request of an application, in case it is sent twice.',
    of: {
      nobody:
        'Its key is a digest that tells neither application nor user. Answers that name somebody are removed when that user is erased.',
    },
    kept: 'For a day; for some seconds while the request is under way.',
    fields: {
      key: digest('A digest of application, key and path.'),
      request: digest('A digest of the request, so that the key serves no other one.'),
      status: plain('The status of the answer.'),
      body: {
        ...sealed('The answer, encrypted: it may hold the id of a user and a new secret.'),
        export: 'withheld',
      },
      expires_at: plain('When it goes.', 'time'),
    },
  },

  consent: {
    holds: 'What a person has agreed to: the privacy notice here, or the terms of an application.',
    of: { user: 'user_id' },
    kept: AT_ERASURE,
    fields: {
      id: plain('Names it.'),
      user_id: WHOSE,
      document: personal('Which text: the privacy notice here, or what an application asks for.'),
      version: personal('The version of the text.'),
      agreed_at: personal('When they agreed.', 'time'),
      recorded_at: personal('When we wrote it down.', 'time'),
    },
  },

  webhook: {
    holds: 'Word that an application is owed about how a question to its user ended.',
    of: { user: 'user_id' },
    kept: 'Until the application has taken it; for a day at most.',
    fields: {
      id: plain('Names it, so that the application can tell a repetition.'),
      challenge_id: secret('The question that it is about.'),
      user_id: WHOSE,
      application: plain('Who is told.'),
      url: plain('Where.'),
      about: {
        ...sealed(
          'What is told: the application’s name for the user, the kind of factor, the details that were agreed to.',
        ),
        export: 'withheld',
      },
      claims: COUNTER,
      claimed_until: plain('Until when it is being sent.', 'time'),
      created_at: personal('When the question was put.', 'time'),
    },
  },

  ticket: {
    holds:
      'A link that works once: for set-up, an invitation, a new password, the way back from a change, another domain.',
    of: { user: 'user_id' },
    kept: 'Until it is used; at the latest for 15 minutes, invitations and ways back for days.',
    fields: {
      hash: secret('Checks the link.'),
      purpose: personal('What it opens.'),
      user_id: WHOSE,
      browser_hash: secret('Ties it to the browser that asked for it.'),
      since: personal('When that happened which it is the way back from.', 'time'),
      expires_at: plain('When it ends.', 'time'),
    },
  },

  signing_key: {
    holds: 'A key that signs what applications are told about who is there.',
    of: { nobody: 'It is about the installation.' },
    kept: 'Signs for 30 days, and stays another week so that what it signed can be checked.',
    fields: {
      id: plain('Names the key.'),
      private_jwk: secret('Signs; encrypted.'),
      public_jwk: plain('Checks; published.', 'json'),
      active_at: plain('When it signs from.', 'time'),
      created_at: plain('When it was made.', 'time'),
    },
  },
}
