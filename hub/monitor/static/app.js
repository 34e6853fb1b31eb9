// Makes a page live: it listens for changes and fetches itself anew, and shows moments in the reader's
// zone. Without it the pages say the same.
(() => {
  'use strict';
  const zoned = new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: document.documentElement.lang === 'en' ? 'medium' : 'short', timeStyle: 'medium', hourCycle: 'h23'});
  const localise = (root) => {
    for (const t of root.querySelectorAll('time.moment')) {
      if (!t.title) { t.title = t.textContent; t.textContent = zoned.format(new Date(t.dateTime)); }
    }
  };
  localise(document);
  // One box ticks all of the page.
  const choose = (root) => {
    for (const all of root.querySelectorAll('[data-all]')) {
      const boxes = () => [...document.querySelectorAll('input[name=id][form=chosen]')];
      all.hidden = boxes().length < 2;
      all.querySelector('input').addEventListener('change', (e) => boxes().forEach((b) => { b.checked = e.target.checked; }));
    }
  };
  choose(document);

  const address = document.body.dataset.events;
  const button = document.getElementById('live');
  if (!address || !button || !window.EventSource) return;
  const label = button.querySelector('[role=status]');
  let source = null, fetching = false, again = false;
  const say = (state) => {
    button.dataset.state = state;
    const text = {on: button.dataset.sayOn, off: button.dataset.sayOff, lost: button.dataset.sayLost}[state];
    if (label.textContent !== text) label.textContent = text;
    button.title = state === 'off' ? button.dataset.sayStart : button.dataset.sayPause;
  };
  const replace = (fresh) => {
    for (const old of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(old.id);
      if (!next) continue;
      localise(next);
      if (old.innerHTML === next.innerHTML || old.contains(document.activeElement) && document.activeElement !== document.body) continue;
      const open = [...old.querySelectorAll('details')].map((d) => d.open);
      const chosen = new Set([...old.querySelectorAll('input[name=id]:checked')].map((i) => i.value));
      old.replaceChildren(...next.childNodes);
      for (const i of old.querySelectorAll('input[name=id]')) i.checked = chosen.has(i.value);
      choose(old);
      [...old.querySelectorAll('details')].forEach((d, i) => { if (open[i]) d.open = true; });
    }
  };
  const refresh = async () => {
    if (fetching) { again = true; return true; }
    fetching = true;
    let ok = false;
    try {
      const answer = await fetch(location.href, {headers: {'X-Smartlink-Live': '1'}});
      if (answer.url && new URL(answer.url).pathname.endsWith('/login')) { location.reload(); return false; }
      ok = true;
      if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    } catch { say('lost'); }
    fetching = false;
    if (again) { again = false; return refresh(); }
    return ok;
  };
  const start = () => {
    source = new EventSource(address);
    // The hub says when it has begun to watch; what changed between the page and that is fetched now.
    source.addEventListener('open', async (e) => { if ('data' in e && await refresh()) say('on'); });
    source.addEventListener('change', refresh);
    source.addEventListener('logout', () => location.reload());
    source.addEventListener('error', () => say('lost'));
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    if (source) { source.close(); source = null; say('off'); } else { start(); }
  });
  setInterval(() => { if (source && !document.hidden) refresh(); }, 60000); // ages go on by themselves
  start();
})();
