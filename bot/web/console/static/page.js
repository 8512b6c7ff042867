// What every page of the console needs: asking the server, saying what became of it, following a stream.

const csrf = document.querySelector('meta[name="csrf"]').content;
export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

const toast = find('[data-toast]');
let toastTimer;
export function say(text, bad = false) {
  toast.textContent = text;
  toast.className = `toast shown${bad ? ' bad' : ''}`;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove('shown'), bad ? 5000 : 1800);
}

export async function post(path, fields) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'X-Requested-With': 'console' },
    body: JSON.stringify(fields),
  }).catch(() => {
    // The browser's own words for it are in a language of its own.
    throw new Error(toast.dataset.away);
  });
  if (answer.status === 401) location.reload();
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || answer.status);
  return told;
}

export async function part(path) {
  const answer = await fetch(path, { headers: { 'X-Requested-With': 'console' } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function comeBack() {
  // An error page (Redis away) would stay for good: this one waits until there is something to show.
  const answer = await fetch(location.href, { headers: { 'X-Requested-With': 'console' } }).catch(() => null);
  if (answer && answer.status < 500) location.reload();
  else setTimeout(comeBack, 3000);
}

const link = find('[data-link]');
export function follow(path, events) {
  const source = new EventSource(path);
  const show = (on) => {
    link.textContent = on ? link.dataset.on : link.dataset.off;
    link.className = `link ${on ? 'on' : 'off'}`;
  };
  source.onopen = () => show(true);
  source.onerror = () => {
    show(false);
    // A server that says no (signed out, stopping) closes for good: the browser leaves trying again to us.
    if (source.readyState === EventSource.CLOSED) setTimeout(comeBack, 3000);
  };
  for (const [name, take] of Object.entries(events)) {
    source.addEventListener(name, (event) => take(JSON.parse(event.data), event));
  }
  return source;
}

export function grow(box) {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + 2}px`;
}
document.addEventListener('input', (event) => {
  if (event.target.matches('textarea')) grow(event.target);
});
document.addEventListener('keydown', (event) => {
  // Enter that ends an input method's composition is no wish to send.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  if (!event.target.matches('textarea')) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
