// One customer: whatever happens to them renews the page's parts; acts are posted without leaving it.

import { all, find, follow, grow, part, post, say } from './page.js';

const room = find('[data-customer]');
if (room) {
  const path = `/customers/${room.dataset.customer}`;
  const talking = find('[data-talking]', room);
  const composer = find('[data-composer]', room);
  const facts = find('[data-facts]');
  talking.scrollTop = talking.scrollHeight;

  // What did not change stays as it is: a colleague may just have opened it.
  const sources = new WeakMap(all(':scope > *', talking).map((line) => [line, line.outerHTML]));
  function retell(box, html) {
    const told = document.createElement('template');
    told.innerHTML = html;
    const old = [...box.children];
    const fresh = [...told.content.children];
    fresh.forEach((line, place) => {
      const source = line.outerHTML;
      const known = old[place];
      if (known && sources.get(known) === source) return;
      sources.set(line, source);
      if (!known) {
        box.append(line);
        return;
      }
      const within = all('details', line);
      all('details', known).forEach((details, nth) => within[nth] && (within[nth].open = details.open));
      known.replaceWith(line);
    });
    old.slice(fresh.length).forEach((line) => line.remove());
  }

  async function renew() {
    const told = await part(`${path}?part=1`);
    const atEnd = talking.scrollHeight - talking.scrollTop - talking.clientHeight < 80;
    retell(talking, told.talking);
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
