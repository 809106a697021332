import type { JSX } from 'hono/jsx/jsx-runtime'
import type { Brand } from '../../views/brand.ts'
import { EnrollPasskey } from '../../views/enroll-passkey.tsx'
import { page } from '../../views/page.ts'
import { SignIn } from '../../views/sign-in.tsx'
import { UsePasskey } from '../../views/use-passkey.tsx'

/** Pages about passkeys. Nobody presses the button here, so that it matters little what is asked. */
export function passkeyStates(brand: Brand, branded: Brand) {
  const csrf = 'Zm9yIHRlc3RzIG9ubHk'
  const destination = { name: 'Team wiki', host: 'wiki.example.com' }
  const passkey = { options: { challenge: 'Y2hhbGxlbmdl', rpId: 'auth.example.com' } }
  const signIn = { brand, action: '/login', csrf, offerRemember: true }
  const asked = {
    ...passkey,
    brand,
    action: '/login/a',
    csrf,
    user: 'Maria Lopez',
    notYou: '/login',
  }
  const use = { ...asked, from: 'YubiKey 5 NFC' }
  const ways = [
    { id: 'a', title: 'Authenticator app' },
    { id: 'b', title: 'Phone', detail: '•••• 42' },
  ]

  return {
    'sign-in passkey': SignIn({ ...signIn, destination, passkey }),
    'sign-in passkey unknown': SignIn({
      ...signIn,
      destination,
      passkey: {
        ...passkey,
        problem: 'That passkey opens nothing here. Use another one, or your password.',
      },
    }),
    'sign-in passkey cancelled': after(SignIn({ ...signIn, passkey }), 'cancelled'),
    'use-passkey': UsePasskey({ ...use, destination }),
    'use-passkey ways': UsePasskey({
      ...use,
      brand: branded,
      user: 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh Maria de los Ángeles',
      destination,
      reason: 'This page asks for a proof by a passkey in the last 10 minutes.',
      ways,
    }),
    'use-passkey wrong': UsePasskey({
      ...use,
      problem: 'That was not right. Try again, with a passkey that belongs to this account.',
      triesLeft: 2,
    }),
    'use-passkey cancelled': after(UsePasskey({ ...use, ways }), 'cancelled'),
    'use-passkey unsupported': after(UsePasskey({ ...use, ways }), 'unsupported'),
    'enroll-passkey': EnrollPasskey({ ...asked, destination, others: true }),
    'enroll-passkey cancelled': after(EnrollPasskey({ ...asked }), 'cancelled'),
    'enroll-passkey known': after(EnrollPasskey({ ...asked }), 'known'),
    'enroll-passkey unsupported': after(EnrollPasskey({ ...asked, others: true }), 'unsupported'),
    'enroll-passkey not admitted': EnrollPasskey({
      ...asked,
      brand: branded,
      problem:
        'This site takes only keys that prove which model they are, and that are on its list; most phones and password managers prove nothing. Use another one, or set up something else.',
      others: true,
      back: { label: 'Back to your account', href: '/account' },
    }),
  }
}

/** A page as the script leaves it; a browser without passkeys is one in which it finds none. */
function after(element: JSX.Element, what: 'cancelled' | 'known' | 'unsupported'): string {
  const html = page(element).replace(`data-passkey="${what}" hidden=""`, `data-passkey="${what}"`)
  return what === 'unsupported' ? html.replace(/<script.*?<\/script>/g, '') : html
}
