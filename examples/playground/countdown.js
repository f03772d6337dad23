// Counts down what the server said is left, so a wrong clock in the browser does not matter.

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
