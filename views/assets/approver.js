// A device that answers for sign-ins elsewhere. Everything works without this but notifications, passkeys
// and hearing of a request at once.

const part = (name) => document.querySelector(`[data-approver="${name}"]`)
const show = (element, shown = true) => {
  if (element) element.hidden = !shown
}

const join = part('join')
const home = part('home')
const answer = part('answer')
const holder = part('holder')
const back = part('back')

// How long "approved" stands before the page waits again.
const BACK_AFTER_MS = 4000
const PATIENCE_MS = 20_000

if (join) prepareJoin(join)
if (home) waitForRequests(home)
if (answer?.dataset.options) askHolderFirst(answer, 'holder')
if (holder) askHolderFirst(holder, 'answer')
if (back) setTimeout(() => location.replace(back.href), BACK_AFTER_MS)

function prepareJoin(form) {
  if (needsHomeScreen()) show(part('add-to-home-screen'))
  form.addEventListener('submit', (event) => {
    if (!canNotify(form) || form.dataset.asked) return
    event.preventDefault()
    form.dataset.asked = 'yes'
    const go = (subscription) => {
      form.elements.subscription.value = subscription ?? ''
      form.submit()
    }
    // Without notifications it still is of use, and some push services never answer.
    const patience = new Promise((_, reject) => setTimeout(reject, PATIENCE_MS))
    Promise.race([subscribe(form), patience]).then(go, () => go())
  })
}

function waitForRequests(page) {
  const source = new EventSource(page.dataset.events)
  source.addEventListener('request', ({ data }) => {
    // The answer to a request that somebody reads is not pulled from under their eyes.
    if (!part('request')) location.assign(new URL(data, page.dataset.events))
  })
  source.addEventListener('changed', () => location.replace(location.pathname))
  addEventListener('pagehide', () => source.close())
  keepNotified(page).catch(() => undefined)
}

/** Says what has become of this browser's notifications, and offers them where there are none. */
async function keepNotified(page) {
  const forms = [...document.querySelectorAll('[data-approver="tell"]')]
  if (forms.length === 0 || !canNotify(page)) return
  const isGranted = Notification.permission === 'granted'
  const subscription = isGranted ? await subscribe(page).catch(() => undefined) : undefined
  const digest = subscription && (await digestOf(JSON.parse(subscription).endpoint))
  const stale = forms.filter((form) => (form.dataset.notified ?? '') !== (digest ?? ''))
  const told = await Promise.all(stale.map((form) => tell(form, subscription)))
  const isReached = digest !== undefined && !told.includes(false)
  const isOn = isReached || (isGranted && (await turnOnAnew(page, forms).catch(() => false)))
  show(part('notified'), isOn)
  show(part('unnotified'), !isOn)
  show(part('offer-notifications'), !isOn && Notification.permission !== 'denied')
  part('turn-on')?.addEventListener('click', () => turnOn(page, forms))
}

/**
 * The push service may have ended a subscription that the browser still holds for good: only another one is
 * reached. @returns Whether notifications arrive.
 */
async function turnOnAnew(page, forms) {
  const subscription = await subscribe(page, true)
  const told = await Promise.all(forms.map((form) => tell(form, subscription)))
  return !told.includes(false)
}

async function turnOn(page, forms) {
  try {
    if (!(await turnOnAnew(page, forms))) throw new Error('not reached')
    location.replace(location.pathname)
  } catch {
    complain('This browser cannot be notified. Leave this page open instead.')
  }
}

/** @returns Whether notifications arrive. */
async function tell(form, subscription) {
  const fields = new URLSearchParams(new FormData(form))
  fields.set('subscription', subscription ?? '')
  const answered = await fetch(form.action, {
    method: 'POST',
    body: fields,
    headers: { accept: 'application/json' },
  })
  return answered.ok && (await answered.json()).notified === true
}

function canNotify({ dataset }) {
  return dataset.key !== undefined && 'PushManager' in window && 'serviceWorker' in navigator
}

/** iPhone and iPad let only pages on the home screen notify. */
function needsHomeScreen() {
  const isApple = 'standalone' in navigator
  return isApple && !navigator.standalone && !('PushManager' in window)
}

/** @returns The subscription, as JSON: the one that there is, unless it shall be another. */
async function subscribe({ dataset }, anew = false) {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error('not allowed')
  await navigator.serviceWorker.register(dataset.worker)
  const { pushManager } = await navigator.serviceWorker.ready
  const key = bytesOf(dataset.key)
  const known = await pushManager.getSubscription()
  const isOurs = known && sameBytes(known.options.applicationServerKey, key)
  if (isOurs && !anew) return JSON.stringify(known)
  // One for a key that is no longer ours reaches nobody.
  await known?.unsubscribe()
  const fresh = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  return JSON.stringify(fresh)
}

/** Puts a passkey's answer into the form before it is sent. */
function askHolderFirst(form, field) {
  let isProved = false
  form.addEventListener('submit', (event) => {
    if (isProved) return
    event.preventDefault()
    const { submitter } = event
    proof(JSON.parse(form.dataset.options)).then(
      (proved) => {
        form.elements[field].value = proved
        isProved = true
        form.requestSubmit(submitter)
      },
      () =>
        complain(
          'Your passkey was not used. Try again, or take the other way on the first screen.',
        ),
    )
  })
}

async function proof(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await navigator.credentials.get({ publicKey })
  return JSON.stringify(credential)
}

function complain(sentence) {
  const problem = part('problem')
  if (!problem) return
  problem.textContent = sentence
  show(problem)
}

async function digestOf(text) {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const letters = btoa(String.fromCharCode(...new Uint8Array(bytes)))
  return letters.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function bytesOf(base64url) {
  const letters = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0))
}

function sameBytes(one, other) {
  const bytes = new Uint8Array(one ?? [])
  return bytes.length === other.length && bytes.every((byte, index) => byte === other[index])
}
