// The live feed: cards come in at the top, texts and alerts into their card, states onto their text.

import { all, find, follow, part } from './page.js';

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

  const pulse = find('[data-pulse]', feed);
  const moods = { neg: 0, neu: 0, pos: 0 };
  [moods.neg, moods.neu, moods.pos] = pulse.dataset.pulse.split(' ').map(Number);
  function beat() {
    const sum = moods.neg + moods.neu + moods.pos;
    let left = 0;
    for (const [mood, count] of Object.entries(moods)) {
      const width = sum ? (count / sum) * 100 : 0;
      const bar = find(`.${mood}`, pulse);
      bar.setAttribute('x', left);
      bar.setAttribute('width', width);
      left += width;
    }
    find('span', pulse).textContent = pulse.dataset.words.replace('{n}', sum);
  }

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
    const mood = Object.keys(moods).find((name) => card.classList.contains(name));
    if (mood) moods[mood] += 1;
    beat();
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
    find('[data-language]').search = new URLSearchParams({ next: location.pathname + location.search });
    asked.set('part', '1');
    const told = await part(`/?${asked}`);
    cards.innerHTML = told.html;
    empty.textContent = narrowed() ? empty.dataset.none : empty.dataset.nothing;
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
  beat();
  listen(feed.dataset.after);
}
