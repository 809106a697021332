// Passkeys on our pages: the browser offers those it has, is asked for one, or makes a new one. What the
// authenticator says goes into the field `answer` of the page's own form, which is then sent as any other.
;(() => {
  // The server's challenge lasts five minutes; one that is nearly over is not begun with.
  const FRESH_MS = 4 * 60_000

  const remaining = document.querySelector('[data-passkey="remaining"]')
  if (remaining) void signal('signalAllAcceptedCredentials', JSON.parse(remaining.dataset.options))

  const form = document.querySelector('form[data-passkey]')
  if (!form) return
  const { startAuthentication, startRegistration, ...webauthn } = window.SimpleWebAuthnBrowser
  const { passkey: step, renew, unknown } = form.dataset
  const find = (name) => form.querySelector(`[data-passkey="${name}"]`)
  const button = find('start')
  let optionsJSON = JSON.parse(form.dataset.options)
  let madeAt = Date.now()
  let timer

  const { rpId } = optionsJSON
  const forgotten = unknown && signal('signalUnknownCredential', { rpId, credentialId: unknown })
  if (!webauthn.browserSupportsWebAuthn()) return say('unsupported')
  button.hidden = false
  button.addEventListener('click', () => press().catch(told))
  addEventListener('pageshow', shown)

  /** At first, and when the page comes back from the browser's memory, where its timers stood still. */
  function shown() {
    button.disabled = false
    if (step === 'sign-in') void offer()
  }

  async function press() {
    clearTimeout(timer)
    say()
    // Elsewhere a question belongs to an attempt; its page puts it anew.
    if (isStale() && !renew) return location.replace(form.action)
    button.disabled = true
    if (isStale()) await refresh()
    send(await (step === 'enroll' ? startRegistration : startAuthentication)({ optionsJSON }))
  }

  /** Among the suggestions for the user name, until somebody picks one or the page is left. */
  async function offer() {
    clearTimeout(timer)
    // What nobody knows is not suggested again.
    await forgotten
    if (!(await webauthn.browserSupportsWebAuthnAutofill())) return
    timer = setTimeout(offer, FRESH_MS)
    try {
      if (isStale()) await refresh()
      send(await startAuthentication({ optionsJSON, useBrowserAutofill: true }))
    } catch {
      // Nobody asked for it, so nobody is told: the button and the password are there as before.
    }
  }

  function told({ name }) {
    // The suggestions ended when the button was pressed; they come back when it led nowhere.
    shown()
    say(name === 'InvalidStateError' && find('known') ? 'known' : 'cancelled')
  }

  const isStale = () => Date.now() - madeAt >= FRESH_MS

  async function refresh() {
    const response = await fetch(renew, { headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`no fresh options: ${response.status}`)
    optionsJSON = await response.json()
    madeAt = Date.now()
  }

  function send({ response, ...answer }) {
    // What can be derived from the rest would only make the form larger.
    const { publicKey: _, publicKeyAlgorithm: __, ...needed } = response
    if (needed.attestationObject) delete needed.authenticatorData
    const field = document.createElement('input')
    field.type = 'hidden'
    field.name = 'answer'
    field.value = JSON.stringify({ ...answer, response: needed })
    for (const typed of form.querySelectorAll('[type="password"]')) typed.disabled = true
    form.append(field)
    form.submit()
  }

  function say(name) {
    for (const text of ['cancelled', 'known', 'unsupported']) {
      const place = find(text)
      if (place) place.hidden = text !== name
    }
  }

  /** Lets the browser's password manager forget what we no longer know, where it can. */
  function signal(method, options) {
    return window.PublicKeyCredential?.[method]?.(options).catch(() => {})
  }
})()
