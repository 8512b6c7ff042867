// The simulated phone beside the page.

import { all, find, grow, post, say } from './page.js';

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
