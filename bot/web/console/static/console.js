// The console's own script: live feed, conversation and simulated phone. Everything also works as plain forms.

const csrf = document.querySelector('meta[name="csrf"]').content;
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/* Small things */

const toast = find('[data-toast]');
let toastTimer;
function say(text, bad = false) {
  toast.textContent = text;
  toast.className = `toast shown${bad ? ' bad' : ''}`;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove('shown'), bad ? 5000 : 1800);
}

async function post(path, fields) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'X-Requested-With': 'console' },
    body: JSON.stringify(fields),
  });
  if (answer.status === 401) location.reload();
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || answer.status);
  return told;
}

async function part(path) {
  const answer = await fetch(path, { headers: { 'X-Requested-With': 'console' } });
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

const link = find('[data-link]');
function follow(path, events) {
  const source = new EventSource(path);
  const show = (on) => {
    link.textContent = on ? link.dataset.on : link.dataset.off;
    link.className = `link ${on ? 'on' : 'off'}`;
  };
  source.onopen = () => show(true);
  source.onerror = () => {
    show(false);
    // A server that says no (signed out, stopping) closes for good: the browser leaves trying again to us.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  };
  for (const [name, take] of Object.entries(events)) {
    source.addEventListener(name, (event) => take(JSON.parse(event.data), event));
  }
  return source;
}

function grow(box) {
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

/* The live feed */

const feed = find('[data-feed]');
if (feed) {
  const cards = find('[data-cards]', feed);
  const empty = find('[data-empty]', feed);
  const news = find('[data-news]', feed);
  const filters = find('[data-filters]', feed);
  const most = 200;
  let source;
  let unseen = 0;

  const query = () => new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
  const narrowed = () => [...query()].length > 0;

  function place(html, event, inside) {
    const box = document.createElement('template');
    box.innerHTML = html;
    const card = box.content.querySelector('.card');
    if (!card) return;
    const known = cards.querySelector(`[data-event="${CSS.escape(event)}"]`);
    if (known && inside) {
      find('.subs', known).append(...find('.subs', card).children);
      return;
    }
    if (known || (inside && narrowed())) return;
    const before = document.documentElement.scrollHeight;
    card.classList.add('fresh');
    cards.prepend(card);
    empty.hidden = true;
    while (cards.children.length > most) cards.lastElementChild.remove();
    if (scrollY > 120) {
      // Who reads further down keeps the place; what came is counted on a button.
      scrollBy(0, document.documentElement.scrollHeight - before);
      unseen += 1;
      news.textContent = news.dataset.words.replace('{n}', unseen);
      news.hidden = false;
    }
  }

  function listen(after) {
    source?.close();
    const asked = query();
    asked.set('after', after);
    source = follow(`/feed/stream?${asked}`, {
      item: ({ html, event, inside }) => place(html, event, inside),
      state: ({ message, state, rank, name, reason }) => {
        for (const badge of all(`[data-message="${CSS.escape(message)}"]`, cards)) {
          // Receipts come late, doubled and out of order: a text never takes a step back.
          if (rank <= Number(badge.dataset.rank ?? 0)) continue;
          badge.dataset.rank = rank;
          badge.dataset.state = state;
          badge.textContent = name;
          badge.title = reason;
        }
      },
    });
  }

  async function refilter() {
    const asked = query();
    history.replaceState(null, '', [...asked].length ? `/?${asked}` : '/');
    asked.set('part', '1');
    const told = await part(`/?${asked}`);
    cards.innerHTML = told.html;
    empty.hidden = cards.children.length > 0;
    listen(told.last);
  }

  let typing;
  filters.addEventListener('input', (event) => {
    clearTimeout(typing);
    typing = setTimeout(refilter, event.target.type === 'search' ? 250 : 0);
  });
  filters.addEventListener('submit', (event) => {
    event.preventDefault();
    refilter();
  });
  const seen = () => {
    unseen = 0;
    news.hidden = true;
  };
  news.addEventListener('click', () => {
    scrollTo({ top: 0, behavior: 'smooth' });
    seen();
  });
  addEventListener('scroll', () => scrollY < 60 && seen(), { passive: true });
  listen(feed.dataset.after);
}

/* A conversation */

const room = find('[data-customer]');
if (room) {
  const path = `/customers/${room.dataset.customer}`;
  const talking = find('[data-talking]', room);
  const composer = find('[data-composer]', room);
  const facts = find('[data-facts]');
  talking.scrollTop = talking.scrollHeight;

  async function renew() {
    const told = await part(`${path}?part=1`);
    const atEnd = talking.scrollHeight - talking.scrollTop - talking.clientHeight < 80;
    const open = all('article[data-event]:has(details[open])', talking).map((turn) => turn.dataset.event);
    talking.innerHTML = told.talking;
    for (const event of open) {
      const details = find(`[data-event="${CSS.escape(event)}"] .why`, talking);
      if (details) details.open = true;
    }
    facts.innerHTML = told.facts;
    // What a colleague is writing is never wiped away.
    const box = find('textarea', composer);
    const [draft, focused] = [box.value, document.activeElement === box];
    composer.innerHTML = told.composer;
    const fresh = find('textarea', composer);
    fresh.value = draft;
    if (draft) grow(fresh);
    if (focused) fresh.focus();
    if (atEnd) talking.scrollTop = talking.scrollHeight;
  }

  let due;
  const soon = () => {
    clearTimeout(due);
    due = setTimeout(renew, 120);
  };
  follow(`/feed/stream?customer=${room.dataset.customer}&after=${room.dataset.after}`, {
    item: ({ customer }) => customer === room.dataset.customer && soon(),
    state: soon,
  });

  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('[data-act]');
    if (!form) return;
    event.preventDefault();
    if ('ask' in form.dataset && !confirm(room.dataset.sure)) return;
    const fields = Object.fromEntries(new FormData(form, event.submitter));
    try {
      await post(form.getAttribute('action'), fields);
      if ('clears' in form.dataset) {
        find('textarea', form).value = '';
        grow(find('textarea', form));
      }
      say(room.dataset.done);
      soon();
    } catch (fault) {
      say(room.dataset.fault.replace('{reason}', fault.message), true);
    }
  });
}

/* The simulated phone */

const phone = find('[data-phone]');
if (phone) {
  const bubbles = find('[data-bubbles]', phone);
  const hint = find('[data-hint]', phone);
  const tries = find('[data-tries]', phone);
  const write = find('[data-write]', phone);
  const picker = find('[data-handsets]', phone);
  const suggestions = {
    rating: ['4分,就是快递慢,别再发了', '5 很满意', '1', '还行吧'],
    appointment: ['1', '改到后天下午', '有事来不了了', '几点关门?'],
    quiz: ['2', '选A', '不玩了'],
  };
  let handset = phone.dataset.handset;
  let source;
  let lastStamp = 0;

  const fail = (fault) => say(phone.dataset.fault.replace('{reason}', fault.message), true);

  function bubble({ way, text, at }) {
    hint.remove();
    const when = new Date(at);
    if (when - lastStamp > 5 * 60 * 1000) {
      const stamp = document.createElement('span');
      stamp.className = 'stamp';
      stamp.textContent = when.toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
      bubbles.append(stamp);
    }
    lastStamp = when;
    const box = document.createElement('p');
    box.className = `bubble ${way}`;
    box.textContent = text;
    bubbles.append(box);
    bubbles.scrollTop = bubbles.scrollHeight;
  }

  function listen() {
    source?.close();
    lastStamp = 0;
    bubbles.replaceChildren(hint);
    // The cursor is the browser's own: after a cut it asks for what came since.
    source = new EventSource(`/phone/${handset}/stream`);
    source.addEventListener('text', (event) => bubble(JSON.parse(event.data)));
    for (const way of all('[data-see]', phone)) way.href = `/customers/${handset}`;
  }

  function suggest(kind) {
    const buttons = suggestions[kind].map((text) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = text;
      button.addEventListener('click', () => {
        write.text.value = text;
        grow(write.text);
        write.text.focus();
      });
      return button;
    });
    tries.replaceChildren(find('.sr', tries) ?? '', ...buttons);
    tries.hidden = false;
  }

  write.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = write.text.value;
    if (!text.trim()) return;
    write.text.value = '';
    grow(write.text);
    try {
      await post('/phone/send', { handset, text });
    } catch (fault) {
      write.text.value = text;
      fail(fault);
    }
  });

  for (const button of all('[data-sample]', phone)) {
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        await post('/phone/sample', { handset, kind: button.dataset.sample });
        suggest(button.dataset.sample);
      } catch (fault) {
        fail(fault);
      } finally {
        button.disabled = false;
      }
    });
  }

  picker.addEventListener('change', async () => {
    if (picker.value !== 'new') {
      handset = picker.value;
      listen();
      return;
    }
    try {
      const { id, number } = await post('/phone/add', {});
      if (!all('option', picker).some((option) => option.value === id)) {
        picker.add(new Option(number, id), picker.options.length - 1);
      }
      handset = id;
      listen();
    } catch (fault) {
      fail(fault);
    }
    picker.value = handset;
  });

  const habits = find('[data-habits]', phone);
  habits.addEventListener('change', () => post('/phone/habits', Object.fromEntries(new FormData(habits))).catch(fail));

  const clock = find('[data-clock]', phone);
  const tick = () => {
    clock.textContent = new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  };
  tick();
  setInterval(tick, 10_000);
  listen();
}
