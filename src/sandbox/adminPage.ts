// The administrator's page: who may use what, what is broken, and what just happened.
import { adminPageScript } from './adminPageScript.ts';
import { organization } from './catalogue.ts';
import { renderPage, type Page } from './page.ts';

const style = `
body { padding: 1.5rem; max-width: 90rem; margin: auto; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
td label { display: block; white-space: nowrap; }
small { display: block; opacity: .75; font-weight: normal; }
.do button { display: block; margin-bottom: .25rem; padding: .15rem .6rem; }
fieldset { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .3rem 1rem;
  border: 1px solid var(--line); border-radius: 8px; }
fieldset[hidden] { display: none; }
input[type=number] { width: 6rem; font: inherit; }
.log { max-height: 60vh; overflow: auto; font-size: .85rem; font-variant-numeric: tabular-nums; }
.log td { padding: .15rem .6rem; white-space: nowrap; }
.denied td { background: #c880; border-left: 0; color: #a85f00; }
.error td, .fallback td { color: #d03030; }
.fallback td { font-weight: 700; }
@media (prefers-color-scheme: dark) { .denied td { color: #f0b050; } .error td, .fallback td { color: #ff8080; } }
#problem { min-height: 1.5em; color: #d03030; }`;

export function renderAdminPage(): Page {
  const columns = [
    'Time',
    'Party',
    'Leg',
    'Request',
    'Call',
    'Person',
    'Server',
    'Outcome',
    'Status',
  ];
  return renderPage({
    title: `${organization} administration`,
    style,
    script: adminPageScript,
    body: `<main>
<h1>${organization} administration</h1>
<p id="problem" role="status"></p>
<h2 id="access">Who may use what</h2>
<table aria-labelledby="access"><thead><tr id="columns"></tr></thead><tbody id="people"></tbody></table>
<h2>What is broken</h2>
<fieldset aria-label="Faults" id="faults"></fieldset>
<fieldset aria-label="Emergency stop" id="stops" hidden></fieldset>
<p><button type="button" id="reset">Reset everything</button></p>
<h2 id="requests">Every request</h2>
<p><button type="button" id="clear">Clear this list</button></p>
<div class="log" tabindex="0" role="region" aria-labelledby="requests">
<table aria-labelledby="requests"><thead><tr>${columns.map((text) => `<th scope="col">${text}</th>`).join('')}</tr></thead>
<tbody id="ledger"></tbody></table></div>
</main>`,
  });
}
