// What runs in the administrator's browser. Plain JavaScript, built by DOM calls: nothing from the
// company's data is ever parsed as HTML.
export const adminPageScript = String.raw`
const api = (path, method = 'GET', body) =>
  fetch('/api' + path, {
    method,
    headers: method === 'GET' ? {} : { 'content-type': 'application/json' },
    ...(method === 'POST' || method === 'PUT' ? { body: JSON.stringify(body ?? {}) } : {}),
  }).then((response) => response.json());
const act = async (path, method, body) => {
  const answer = await api(path, method, body);
  document.querySelector('#problem').textContent = answer.error ?? '';
  show(answer.error === undefined ? answer : await api('/state'));
};
const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const toggle = (text, checked, onchange) => {
  const box = make('input', { type: 'checkbox', checked });
  box.addEventListener('change', () => onchange(box.checked));
  return make('label', {}, box, ' ' + text);
};
const named = (label, name) => {
  label.firstChild.setAttribute('aria-label', name);
  return label;
};
const button = (text, onclick) => make('button', { type: 'button', onclick }, text);

function grantCell(person, server) {
  const granted = person.grants[server.id] ?? [];
  const path = '/grants/' + person.id + '/' + server.id;
  const set = (scopes) =>
    scopes.length > 0 ? act(path, 'PUT', { scopes }) : act(path, 'DELETE');
  const name = server.label + ' for ' + person.id;
  const all = named(
    toggle(server.label, granted.length > 0, (on) => set(on ? server.scopes : [])),
    name,
  );
  const cell = make('td', {}, all);
  if (server.scopes.length < 2) return cell;
  for (const scope of server.scopes) {
    const one = toggle(scope, granted.includes(scope), (on) =>
      set(server.scopes.filter((other) => (other === scope ? on : granted.includes(other)))),
    );
    cell.append(named(one, scope + ' for ' + person.id));
  }
  return cell;
}

function personRow(person, servers) {
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, person.id, make('small', {}, person.email)),
    ...servers.map((server) => grantCell(person, server)),
    make(
      'td',
      { className: 'do' },
      button('End session of ' + person.id, () =>
        act('/people/' + person.id + '/end-session', 'POST'),
      ),
      button('Revoke access of ' + person.id, () =>
        act('/people/' + person.id + '/revoke-access', 'POST'),
      ),
      make('small', {}, person.sessions + ' sessions, ' + person.accessTokens + ' access tokens'),
    ),
  );
}

function faultRows({ faults, servers, authorizationServers }) {
  const listed = (key, id, name) =>
    toggle(name, faults[key].includes(id), (on) =>
      act('/faults', 'PUT', {
        [key]: on ? [...faults[key], id] : faults[key].filter((other) => other !== id),
      }),
    );
  const number = (key, name, min) => {
    const input = make('input', { type: 'number', min, value: faults[key] });
    input.addEventListener('change', () => act('/faults', 'PUT', { [key]: Number(input.value) }));
    return make('label', {}, name + ' ', input);
  };
  return [
    toggle('Identity provider down', faults.identityProviderDown, (on) =>
      act('/faults', 'PUT', { identityProviderDown: on }),
    ),
    ...authorizationServers.map(({ id, label }) =>
      listed('authorizationServerDown', id, label + ' authorization server down'),
    ),
    ...servers.map(({ id, label }) => listed('serverDown', id, label + ' server down')),
    toggle('Answer 503 instead of dropping the connection', faults.downAs === 'unavailable', (on) =>
      act('/faults', 'PUT', { downAs: on ? 'unavailable' : 'reset' }),
    ),
    ...servers
      .filter(({ rewrites }) => rewrites)
      .map(({ id, label }) =>
        button('Rewrite a tool of ' + label, () =>
          act('/servers/' + id + '/rewrite-tools', 'POST'),
        ),
      ),
    number('latencyMs', 'Latency in ms', 0),
    number('accessTokenSeconds', 'Access token life in s', 1),
  ];
}

/** Only where the company publishes an emergency stop. */
function stopRows({ emergencyStop: { all, servers: stopped }, servers }) {
  const publish = (list) => act('/emergency-stop', 'PUT', list);
  return [
    toggle('Stop everything', all, (on) => publish({ all: on, servers: stopped })),
    ...servers.map(({ id, label }) =>
      toggle('Stop ' + label, stopped.includes(id), (on) =>
        publish({ all, servers: on ? [...stopped, id] : stopped.filter((other) => other !== id) }),
      ),
    ),
  ];
}

// Replacing a button between press and release would swallow the click: only when something changed.
const shown = { text: '' };
function show({ ledger, ...state }, always = true) {
  const text = JSON.stringify(state);
  if (!always && text === shown.text) return;
  shown.text = text;
  const focused = document.activeElement?.getAttribute('aria-label');
  document
    .querySelector('#columns')
    .replaceChildren(
      ...['Person', ...state.servers.map(({ label }) => label), 'Actions'].map((text) =>
        make('th', { scope: 'col' }, text),
      ),
    );
  document
    .querySelector('#people')
    .replaceChildren(...state.people.map((person) => personRow(person, state.servers)));
  document.querySelector('#faults').replaceChildren(...faultRows(state));
  const stops = document.querySelector('#stops');
  stops.hidden = state.emergencyStop === undefined;
  if (!stops.hidden) stops.replaceChildren(...stopRows(state));
  if (focused) document.querySelector('[aria-label="' + CSS.escape(focused) + '"]')?.focus();
}

function addEntry(entry) {
  const rows = document.querySelector('#ledger');
  const cells = [
    entry.at.slice(11, 23),
    entry.id,
    entry.leg,
    entry.method + ' ' + entry.endpoint,
    entry.detail ?? '',
    entry.person ?? '',
    entry.server ?? '',
    entry.outcome + (entry.error ? ': ' + entry.error : ''),
    entry.status || 'none',
  ];
  const row = make('tr', { className: entry.leg === 'fallback' ? 'fallback' : entry.outcome });
  row.append(...cells.map((text) => make('td', {}, String(text))));
  rows.prepend(row);
  while (rows.children.length > 300) rows.lastChild.remove();
}

document.querySelector('#reset').addEventListener('click', () => act('/reset', 'POST'));
document.querySelector('#clear').addEventListener('click', () => {
  document.querySelector('#ledger').replaceChildren();
});
const refresh = { timer: 0 };
new EventSource('/api/ledger/stream?since=0').addEventListener('message', ({ data }) => {
  addEntry(JSON.parse(data));
  clearTimeout(refresh.timer);
  const typing = document.activeElement?.type === 'number';
  if (!typing) refresh.timer = setTimeout(() => api('/state').then((state) => show(state, false)), 250);
});
api('/state').then((state) => show(state));
`;
