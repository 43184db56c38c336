"use strict";

const ROWS_AT_ONCE = 20;
const NUMBERS_AT_ONCE = 50;

const byId = (id) => document.getElementById(id);
const given = JSON.parse(byId("data").textContent);
// `numbers` holds those of a page that stands by itself, by account; a page that is served asks for them.
const { columns, reasons, numbers: embedded, refresh } = given;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const counted = (count) => count.toLocaleString("en-US");

const shown = { rows: [], found: [], search: "", needs: false, sort: null, descending: false, page: 0 };
const open = new Set();
const numbersRead = new Map();
let version = given.version;
// A served page may be shown before the first reading has ended.
const isRead = () => Boolean(embedded || version);

// Text is set as text: nothing that Twilio says becomes markup.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/* The subaccounts */

function takeRows(rows) {
  shown.rows = rows;
  for (const row of rows) row.text = `${row.name}\n${row.sid}`.toLowerCase();
  find();
}

function find() {
  const wanted = shown.search.trim().toLowerCase();
  shown.found = shown.rows.filter((row) => row.text.includes(wanted) && (row.needs || !shown.needs));
  if (shown.sort) {
    const compare = COMPARISONS[shown.sort];
    const sign = shown.descending ? -1 : 1;
    shown.found.sort((one, other) => sign * compare(one, other) || collator.compare(one.name, other.name));
  }
}

const share = (row) => (row.eligible ? row.signed / row.eligible : 2);
const COMPARISONS = {
  name: (one, other) => collator.compare(one.name, other.name),
  signed: (one, other) => share(one) - share(other),
  need: (one, other) => one.need - other.need,
  at: (one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0),
};

function draw() {
  const last = Math.max(0, Math.ceil(shown.found.length / ROWS_AT_ONCE) - 1);
  shown.page = Math.min(shown.page, last);
  const first = shown.page * ROWS_AT_ONCE;
  const part = shown.found.slice(first, first + ROWS_AT_ONCE);
  const focused = document.activeElement?.id;
  byId("rows").replaceChildren(...part.flatMap((row) => (open.has(row.sid) ? [drawRow(row), drawDetail(row)] : [drawRow(row)])));
  if (focused?.startsWith("open-")) byId(focused)?.focus();
  say("count", summary());
  byId("table").hidden = !part.length;
  document.querySelector(".pages").hidden = last === 0;
  say("pages", `${counted(first + 1)} to ${counted(first + part.length)} of ${counted(shown.found.length)}`);
  byId("previous").disabled = shown.page === 0;
  byId("next").disabled = shown.page === last;
  const asked = new URLSearchParams({ search: shown.search, needs: shown.needs ? "1" : "" });
  if (!embedded) byId("csv").href = `numbers.csv?${asked}`;
}

function summary() {
  if (!isRead()) return "";
  if (!shown.rows.length) return "No run has worked on a subaccount yet.";
  const total = `${counted(shown.rows.length)} subaccount${shown.rows.length === 1 ? "" : "s"}`;
  if (shown.found.length) return `${counted(shown.found.length)} of ${total}`;
  const wanted = shown.search.trim();
  if (!wanted) return "No subaccount needs a person.";
  return `No subaccount${shown.needs ? " that needs a person" : ""} matches “${wanted}”.`;
}

function say(id, words) {
  if (byId(id).textContent !== words) byId(id).textContent = words;
}

function drawRow(row) {
  const isOpen = open.has(row.sid);
  const button = element("button", { type: "button", class: "open", id: `open-${row.sid}`, "aria-expanded": isOpen });
  if (isOpen) button.setAttribute("aria-controls", `detail-${row.sid}`);
  button.append(element("bdi", {}, row.name));
  button.addEventListener("click", () => turn(row.sid));
  const state = row.failed ? element("strong", { class: "bad" }, "Failed") : element("span", {}, row.state);
  const at = row.failing ? `since ${row.failing}` : row.at;
  return element(
    "tr", {},
    element("th", { scope: "row" }, button, element("span", { class: "under" }, row.sid)),
    element("td", { class: "number" }, row.eligible ? `${counted(row.signed)} of ${counted(row.eligible)}` : "none eligible"),
    element("td", { class: "number wide" }, counted(row.need)),
    element("td", {}, state, ...(at ? [element("span", { class: "since" }, ` ${at}`)] : [])),
  );
}

function turn(sid) {
  if (!open.delete(sid)) open.add(sid);
  draw();
}

/* The numbers of a subaccount */

function drawDetail(row) {
  const cell = element("td", { colspan: "4", id: `detail-${row.sid}` });
  if (row.message) cell.append(element("p", { class: "message" }, row.message));
  if (row.failing) cell.append(element("p", { class: "more" }, row.success ? `Last success: ${row.success}` : "It never succeeded."));
  const known = embedded ? embedded[row.sid] ?? [] : numbersRead.get(row.sid);
  if (known) cell.append(...drawNumbers(row, known, NUMBERS_AT_ONCE));
  else {
    cell.append(element("p", { class: "calm", role: "status" }, "Reading its numbers…"));
    readNumbers(row, cell);
  }
  return element("tr", { class: "detail" }, cell);
}

async function readNumbers(row, cell) {
  try {
    const answer = await fetch(`subaccounts/${row.sid}/numbers`);
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.problem);
    numbersRead.set(row.sid, said.numbers);
    cell.lastChild.replaceWith(...drawNumbers(row, said.numbers, NUMBERS_AT_ONCE));
  } catch (error) {
    cell.lastChild.textContent = `Its numbers cannot be read: ${error.message}`;
  }
}

function drawNumbers(row, numbers, most) {
  if (!numbers.length) {
    return [element("p", { class: "calm" }, row.all ? "Its numbers are not in this file." : "No numbers.")];
  }
  const head = element(
    "tr", {},
    element("th", { scope: "col" }, "Number"),
    element("th", { scope: "col" }, "Where it stands"),
    element("th", { scope: "col", class: "wide" }, "Since"),
  );
  const table = element(
    "table", { "aria-label": `Numbers of ${row.name}` },
    element("thead", {}, head),
    element("tbody", {}, ...numbers.slice(0, most).map(drawNumber)),
  );
  const left = numbers.length - most;
  if (left <= 0) return [table];
  const more = element("button", { type: "button", class: "further" }, `${counted(left)} more`);
  more.addEventListener("click", () => {
    table.tBodies[0].append(...numbers.slice(most).map(drawNumber));
    more.remove();
  });
  return [table, more];
}

function drawNumber({ cells, remedy }) {
  const it = Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
  const reason = element("span", { class: `reason ${it.reason}` }, reasons[it.reason] ?? it.reason);
  const why = element("td", {}, reason, it.reason === "signed" ? "" : sentence(it.explanation));
  if (remedy) why.append(element("span", { class: "says" }, remedy));
  if (it.tried_again_at) why.append(element("span", { class: "says" }, `A run tries it again after ${minute(it.tried_again_at)}.`));
  return element(
    "tr", {},
    element("th", { scope: "row" }, element("span", { class: "phone" }, it.phone_number), element("span", { class: "under" }, it.phone_number_sid)),
    why,
    element("td", { class: "wide" }, minute(it.since)),
  );
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const minute = (iso) => (iso ? `${iso.slice(0, 16).replace("T", " ")} UTC` : "");

/* A subaccount that a link leads to */

function follow() {
  const sid = location.hash.slice(1);
  const row = shown.rows.find((it) => it.sid === sid);
  if (!row) return;
  Object.assign(shown, { search: sid, needs: false, page: 0 });
  byId("search").value = sid;
  byId("only-needs").checked = false;
  open.add(sid);
  find();
  draw();
  byId(`open-${sid}`).focus();
}

/* CSV of a page that stands by itself */

function quoted(cell) {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function download(event) {
  event.preventDefault();
  const lines = shown.found.flatMap((row) => (embedded[row.sid] ?? []).map((it) => it.cells));
  const text = [columns, ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "numbers.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

/* What has changed */

function takeNews(news) {
  say("read", news.read);
  say("problem", news.problem);
  byId("problem").hidden = !news.problem;
  if (!news.sections) return;
  version = news.version;
  for (const [id, html] of Object.entries(news.sections)) replace(byId(id), html);
  const before = new Map(shown.rows.map((row) => [row.sid, JSON.stringify(row)]));
  takeRows(news.rows);
  for (const row of shown.rows) if (before.get(row.sid) !== JSON.stringify(row)) numbersRead.delete(row.sid);
  draw();
  say("changes", `Changed: ${document.querySelector("h1").textContent}`);
}

// The server has made the HTML safe.
function replace(section, html) {
  const opened = new Set([...section.querySelectorAll("details[open]")].map((it) => it.dataset.key));
  const focused = section.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  section.innerHTML = html;
  for (const it of section.querySelectorAll("details")) it.open = opened.has(it.dataset.key);
  if (focused) section.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

async function look() {
  try {
    const answer = await fetch(`changes?since=${encodeURIComponent(version)}`);
    takeNews(await answer.json());
  } catch {
    say("problem", "The command that serves this page does not answer any more; what is shown stays as it was.");
    byId("problem").hidden = false;
  }
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, refresh);
}

/* The beginning */

byId("search").addEventListener("input", (event) => {
  Object.assign(shown, { search: event.target.value, page: 0 });
  find();
  draw();
});
byId("only-needs").addEventListener("change", (event) => {
  Object.assign(shown, { needs: event.target.checked, page: 0 });
  find();
  draw();
});
for (const [id, step] of [["previous", -1], ["next", 1]]) {
  byId(id).addEventListener("click", () => {
    shown.page += step;
    draw();
  });
}
for (const head of document.querySelectorAll("[data-sort]")) {
  head.firstElementChild.addEventListener("click", () => {
    shown.descending = shown.sort === head.dataset.sort && !shown.descending;
    shown.sort = head.dataset.sort;
    for (const other of document.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", shown.descending ? "descending" : "ascending");
    shown.page = 0;
    find();
    draw();
  });
}
addEventListener("hashchange", follow);
takeRows(given.rows);
draw();
follow();
if (embedded) byId("csv").addEventListener("click", download);
// What could not wait for the first reading has no version.
if (refresh) setTimeout(watch, version ? refresh : 0);
