// The screen on which a sign-in was begun: it waits for another device, and goes on when that has answered.

const waiting = document.querySelector('[data-approval="wait"]')
const ready = document.querySelector('form[data-approval="go"]')

// Looking at the page changes nothing, so it is never looked at more often than without scripts.
const LOOK_EVERY_MS = 5000

if (ready) ready.requestSubmit()
if (waiting) {
  for (const hint of document.querySelectorAll('[data-approval="script"]')) hint.hidden = false
  const { events } = waiting.dataset
  if (events) listen(events)
  else setTimeout(() => location.replace(location.pathname + location.search), LOOK_EVERY_MS)
}

function listen(address) {
  const source = new EventSource(address)
  source.addEventListener('answered', () => {
    source.close()
    // Asked for anew and not reloaded: the page may be the answer to a form.
    location.replace(location.pathname + location.search)
  })
  addEventListener('pagehide', () => source.close())
}
