// Counts down from the server's value, so that a wrong clock in the browser does not matter, and
// keeps a pressed button at its position. The page works without it.

const countdown = document.querySelector('#countdown')

if (countdown instanceof HTMLElement) {
  const end = performance.now() + Number(countdown.dataset.seconds) * 1000
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000)
    countdown.textContent = left > 0 ? `in ${spell(left)}` : 'ended: load the page again'
    if (left <= 0) clearInterval(timer)
  }
  const timer = setInterval(tick, 1000)
  tick()
}

/** @param {number} seconds */
function spell(seconds) {
  const days = Math.floor(seconds / 86_400)
  const clock = new Date(seconds * 1000).toISOString().slice(11, 19)
  return days === 0 ? clock : `${days} ${days === 1 ? 'day' : 'days'} ${clock}`
}

// The address contains the last action. Reloading the page should not show its result again.
if (location.search !== '') history.replaceState(null, '', location.pathname)

// A button keeps its position on the screen, not only the focus.
const KEY = 'place'

addEventListener('submit', (event) => {
  if (!(event instanceof SubmitEvent) || event.submitter === null) return
  sessionStorage.setItem(KEY, String(event.submitter.getBoundingClientRect().top))
})

const place = sessionStorage.getItem(KEY)
const focused = document.querySelector('[autofocus]')
sessionStorage.removeItem(KEY)

if (place !== null && focused instanceof HTMLElement) {
  focused.focus({ preventScroll: true })
  scrollBy({ top: focused.getBoundingClientRect().top - Number(place), behavior: 'instant' })
}
