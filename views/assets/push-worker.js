// Shows what the gateway tells this browser, and leads to the page that asks. It keeps nothing, and answers
// no request of any page.

const ID = /^[A-Za-z0-9_-]{16,64}$/

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('push', (event) => {
  event.waitUntil(notify(read(event.data)))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(addressOf(event.notification.data)))
})

/** Only our own server can encrypt to this browser; what cannot be read is shown as what it is. */
function read(data) {
  try {
    const { id, title, body } = data.json()
    return { id: ID.test(id) ? id : undefined, title: String(title), body: String(body) }
  } catch {
    return { id: undefined, title: 'Somebody is signing in', body: 'Open this to see who.' }
  }
}

function notify({ id, title, body }) {
  return self.registration.showNotification(title, {
    body,
    data: id,
    // One question at a time: a newer one takes the place of the one before.
    tag: id === undefined ? 'greeting' : 'request',
    renotify: id !== undefined,
    requireInteraction: id !== undefined,
  })
}

/** An address of the portal's own, whatever the message said. */
function addressOf(id) {
  const page = ID.test(id) ? `approve/${id}` : 'approver'
  return new URL(page, self.registration.scope).href
}

async function open(address) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const waiting = pages.find(({ url }) => isWaiting(url))
  if (!waiting) return self.clients.openWindow(address)
  const page = await waiting.focus()
  return page.navigate(address)
}

/** The page that waits may be led on; any other is somebody's work. */
function isWaiting(url) {
  const { origin, pathname } = new URL(url)
  const scope = new URL(self.registration.scope)
  return origin === scope.origin && pathname === `${scope.pathname}approver`
}
