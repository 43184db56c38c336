"use strict";

const ROWS_AT_ONCE = 20;
const NUMBERS_AT_ONCE = 50;

const byId = (id) => document.getElementById(id);
const given = JSON.parse(byId("data").textContent);
// `numbers` holds those of a page that stands by itself, by account; a page that is served asks for them.
const { columns, reasons, numbers: embedded, refresh } = given;

const counted = (count) => count.toLocaleString("en-US");
const title = document.title;
const STOPPED =
  "The command that serves this page has stopped, so this data is old: run the same command again and open the address that it prints.";

const shown = { rows: [], found: [], search: "", needs: false, sort: null, descending: false, page: 0 };
const open = new Set();
// `matches` counts the numbers that the search finds, by the SID of their subaccount.
let numberSearch = { search: "", matches: {}, progress: "", isRunning: false, stop: null };
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
  for (const [order, row] of rows.entries()) {
    row.version = JSON.stringify(row);
    // Rows arrive in natural order of names.
    row.order = order;
    row.text = `${row.name}\n${row.sid}`.toLowerCase();
  }
  find();
}

function find() {
  const { text } = parse(shown.search);
  shown.found = shown.rows.filter((row) => (row.text.includes(text) || numberSearch.matches[row.sid]) && (row.needs || !shown.needs));
  const compare = COMPARISONS[shown.sort] ?? ((one, other) => other.needs - one.needs);
  const sign = shown.descending ? -1 : 1;
  shown.found.sort((one, other) => sign * compare(one, other) || one.order - other.order);
}

const share = (row) => (row.eligible ? row.signed / row.eligible : 2);
const COMPARISONS = {
  name: (one, other) => one.order - other.order,
  signed: (one, other) => share(one) - share(other),
  need: (one, other) => one.need - other.need,
  at: (one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0),
};

function draw() {
  const last = Math.max(0, Math.ceil(shown.found.length / ROWS_AT_ONCE) - 1);
  if (isRead() && !numberSearch.isRunning) shown.page = Math.min(shown.page, last);
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
  if (!embedded) byId("csv").href = `numbers.csv?${new URLSearchParams({ search: shown.search, needs: shown.needs ? "1" : "" })}`;
  say("searching", numberSearch.progress);
  byId("searching").hidden = !numberSearch.progress;
  for (const head of document.querySelectorAll("[data-sort]")) {
    if (head.dataset.sort === shown.sort) head.setAttribute("aria-sort", shown.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  writeAddress();
}

function summary() {
  if (!isRead()) return "";
  if (!shown.rows.length) return "No run has worked on a subaccount yet.";
  const total = `${counted(shown.rows.length)} subaccount${shown.rows.length === 1 ? "" : "s"}`;
  if (shown.found.length) return `${counted(shown.found.length)} of ${total}`;
  const wanted = shown.search.trim();
  if (!wanted) return "No subaccount needs a person.";
  if (numberSearch.isRunning) return `No match for “${wanted}” yet.`;
  const numbers = namesNumbers(parse(wanted)) ? ` and no${shown.needs ? " number of one" : " number"}` : "";
  return `No subaccount${shown.needs ? " that needs a person" : ""}${numbers} matches “${wanted}”.`;
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
    element("th", { scope: "row" }, button, element("span", { class: "under" }, row.sid), ...drawMatches(row)),
    element("td", { class: "number" }, signedNumbers(row)),
    element("td", { class: "number wide" }, counted(row.need)),
    element("td", {}, state, ...(at ? [element("span", { class: "since" }, ` ${at}`)] : [])),
  );
}

function drawMatches(row) {
  const count = numberSearch.matches[row.sid];
  return count ? [element("mark", {}, count === 1 ? "1 number matches" : `${counted(count)} numbers match`)] : [];
}

function signedNumbers(row) {
  if (row.unread) return "Not read yet";
  return row.eligible ? `${counted(row.signed)} of ${counted(row.eligible)}` : "No eligible numbers";
}

function turn(sid) {
  if (!open.delete(sid)) open.add(sid);
  draw();
}

/* The view in the address: a reload and a copied link show it again */

// Show the view of the address; a hash such as #AC… opens that subaccount.
function readAddress() {
  const view = new URLSearchParams(location.search);
  const sort = view.get("sort");
  Object.assign(shown, {
    search: view.get("search") ?? "",
    needs: view.get("needs") === "1",
    sort: Object.hasOwn(COMPARISONS, sort ?? "") ? sort : null,
    descending: view.get("order") === "descending",
    page: Math.max(0, Math.trunc(Number(view.get("page"))) - 1 || 0),
  });
  for (const sid of history.state?.open ?? []) open.add(sid);
  const followed = shown.rows.find((row) => `#${row.sid}` === location.hash);
  if (followed) {
    Object.assign(shown, { search: followed.sid, needs: false, page: 0 });
    open.add(followed.sid);
  }
  showView();
  if (followed) byId(`open-${followed.sid}`).focus();
}

function writeAddress() {
  if (!isRead()) return;
  const isFollowed = location.hash === `#${shown.search}` && !shown.needs;
  const view = new URLSearchParams();
  if (shown.search) view.set("search", shown.search);
  if (shown.needs) view.set("needs", "1");
  if (shown.sort) view.set("sort", shown.sort);
  if (shown.sort && shown.descending) view.set("order", "descending");
  if (shown.page) view.set("page", shown.page + 1);
  const hash = isFollowed || !location.hash.startsWith("#AC") ? location.hash : "";
  const address = `${location.pathname}${view.size ? `?${view}` : ""}${hash}`;
  // What is open is in no link, but a reload and the way back from a document show it.
  const state = { open: [...open] };
  const isNew = address !== location.pathname + location.search + location.hash || String(state.open) !== String(history.state?.open ?? []);
  if (isNew) history.replaceState(state, "", address);
}

function showView() {
  if (byId("search").value !== shown.search) byId("search").value = shown.search;
  byId("only-needs").checked = shown.needs;
  findNumbers();
  find();
  draw();
}

function change(view) {
  Object.assign(shown, { page: 0 }, view);
  showView();
}

/* The search for numbers: the same rules as search.py */

const IGNORED = /[\s().\-/\u2010-\u2015\u2212\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/g;
const PAUSE = 250;

function parse(typed) {
  const text = typed.trim().toLowerCase();
  const bare = typed.replace(IGNORED, "");
  return { text, digits: /^\+?[0-9]{3,15}$/.test(bare) ? bare : "", sid: /^pn[0-9a-f]{4,32}$/.test(text) ? text : "" };
}

const namesNumbers = ({ digits, sid }) => Boolean(digits || sid);

function findsNumber({ digits, sid }, it) {
  return Boolean((digits && it.phone_number.includes(digits)) || (sid && it.phone_number_sid.toLowerCase().startsWith(sid)));
}

// Start the search for numbers if the search has changed or, when `again`, the fleet.
function findNumbers(again = false) {
  const search = shown.search.trim();
  if (search === numberSearch.search && (!again || numberSearch.isRunning)) return;
  numberSearch.stop?.abort();
  numberSearch = { search, matches: again ? numberSearch.matches : {}, progress: "", isRunning: false, stop: null };
  if (!namesNumbers(parse(search))) return;
  if (embedded) takeMatches({ matches: matchesInFile(parse(search)), read: 1, total: 1 }, again);
  else askForNumbers(numberSearch, again);
}

function matchesInFile(search) {
  const counts = Object.entries(embedded).map(([sid, numbers]) => [sid, numbers.filter((it) => findsNumber(search, named(it.cells))).length]);
  return Object.fromEntries(counts.filter(([, count]) => count));
}

async function askForNumbers(mine, again) {
  mine.isRunning = true;
  mine.stop = new AbortController();
  if (!again) mine.progress = "Searching the numbers…";
  const { signal } = mine.stop;
  try {
    await new Promise((done) => setTimeout(done, PAUSE));
    for (let found = { read: 0, total: 1 }; found.read < found.total && !signal.aborted; ) {
      found = await ask(`search?${new URLSearchParams({ search: mine.search })}`, { signal });
      if (!signal.aborted && (found.read >= found.total || !again)) takeMatches(found, again);
    }
  } catch (error) {
    if (signal.aborted) return;
    mine.isRunning = false;
    mine.progress = `The numbers cannot be searched: ${error.message}`;
    draw();
  }
}

function takeMatches({ matches, read, total }, again) {
  const isDone = read >= total;
  numberSearch.matches = matches;
  numberSearch.isRunning = !isDone;
  numberSearch.progress = isDone ? "" : `Searching the numbers: ${counted(read)} of ${counted(total)} subaccounts are read.`;
  find();
  const [first, ...others] = shown.found;
  if (isDone && !again && first && !others.length && matches[first.sid]) open.add(first.sid);
  draw();
}

/* The numbers of a subaccount */

function drawDetail(row) {
  const cell = element("td", { colspan: "4", id: `detail-${row.sid}` });
  if (row.message) cell.append(element("p", { class: "message" }, ...drawTold(row.message)));
  if (row.failing) cell.append(element("p", { class: "more" }, row.success ? `Last successful run: ${row.success}` : "No run has succeeded."));
  const known = embedded ? embedded[row.sid] ?? [] : numbersRead.get(row.sid);
  if (known) cell.append(...drawNumbers(row, known, NUMBERS_AT_ONCE));
  else {
    cell.append(element("p", { class: "calm", role: "status" }, "Reading the numbers…"));
    readNumbers(row, cell);
  }
  return element("tr", { class: "detail" }, cell);
}

async function readNumbers(row, cell) {
  try {
    const said = await ask(`subaccounts/${row.sid}/numbers`);
    numbersRead.set(row.sid, said.numbers);
    cell.lastChild.replaceWith(...drawNumbers(row, said.numbers, NUMBERS_AT_ONCE));
  } catch (error) {
    cell.lastChild.textContent = `The numbers cannot be read: ${error.message}`;
  }
}

const named = (cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index]]));

// A sentence, and links to the sections of the documents that it names.
function drawTold({ says, links }) {
  const drawn = links.map(([href, name]) => (href ? element("a", { href }, name) : element("code", {}, name)));
  return [says, ...(drawn.length ? [" Read more: ", ...drawn.flatMap((link, index) => (index ? [", ", link] : [link]))] : [])];
}

function drawNumbers(row, unordered, most) {
  const search = parse(shown.search);
  const matching = new Set(unordered.filter((it) => findsNumber(search, named(it.cells))));
  const numbers = [...matching, ...unordered.filter((it) => !matching.has(it))];
  const drawNumber = (it) => drawNumberRow(it, matching.has(it));
  if (!numbers.length) {
    return [element("p", { class: "calm" }, row.all ? "This file does not contain the numbers of this subaccount." : "No numbers.")];
  }
  const head = element(
    "tr", {},
    element("th", { scope: "col" }, "Number"),
    element("th", { scope: "col" }, "Status"),
    element("th", { scope: "col", class: "wide" }, "Since"),
  );
  const table = element(
    "table", { "aria-label": `Numbers of ${row.name}` },
    element("thead", {}, head),
    element("tbody", {}, ...numbers.slice(0, most).map(drawNumber)),
  );
  const left = numbers.length - most;
  if (left <= 0) return [table];
  const more = element("button", { type: "button", class: "further" }, `Show ${counted(left)} more`);
  more.addEventListener("click", () => {
    table.tBodies[0].append(...numbers.slice(most).map(drawNumber));
    more.remove();
  });
  return [table, more];
}

function drawNumberRow({ cells, why: explanation, remedy }, isMatch) {
  const it = named(cells);
  const reason = element("span", { class: `reason ${it.reason}` }, reasons[it.reason] ?? it.reason);
  const why = element("td", {}, reason, ...(explanation ? drawTold(explanation) : []));
  if (remedy) why.append(element("span", { class: "says" }, ...drawTold(remedy)));
  if (it.tried_again_at) why.append(element("span", { class: "says" }, `A run retries this number after ${minute(it.tried_again_at)}.`));
  return element(
    "tr", {},
    element("th", { scope: "row" }, element(isMatch ? "mark" : "span", { class: "phone" }, it.phone_number), element("span", { class: "under" }, it.phone_number_sid)),
    why,
    element("td", { class: "wide" }, minute(it.since)),
  );
}

const minute = (iso) => (iso ? `${iso.slice(0, 16).replace("T", " ")} UTC` : "");

/* CSV of a page that stands by itself */

function quoted(cell) {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function download(event) {
  event.preventDefault();
  const search = parse(shown.search);
  const isFound = (row, cells) => row.text.includes(search.text) || findsNumber(search, named(cells));
  const lines = shown.found.flatMap((row) => (embedded[row.sid] ?? []).map((it) => it.cells).filter((cells) => isFound(row, cells)));
  const text = [columns, ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "numbers.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

/* What has changed */

function takeNews(news) {
  say("read", news.read);
  showProblem(news.problem);
  if (!news.sections) return;
  const isFirst = !isRead();
  version = news.version;
  for (const [id, html] of Object.entries(news.sections)) replace(byId(id), html);
  const before = new Map(shown.rows.map((row) => [row.sid, row.version]));
  takeRows(news.rows);
  for (const row of shown.rows) if (before.get(row.sid) !== row.version) numbersRead.delete(row.sid);
  findNumbers(true);
  if (isFirst) readAddress();
  else draw();
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

// Ask the server; without an answer, say that it has stopped.
async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    showProblem(STOPPED);
    throw new Error("the command that serves this page has stopped.");
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.problem);
  return said;
}

// While there is a problem, what is shown is marked as old.
function showProblem(problem) {
  const isOld = Boolean(problem) && isRead();
  say("problem", problem);
  byId("problem").hidden = !problem;
  byId("old").hidden = !isOld;
  document.body.classList.toggle("old", isOld);
  document.title = isOld ? `Old data: ${title}` : title;
}

async function look() {
  let news;
  try {
    news = await ask(`changes?since=${encodeURIComponent(version)}`);
  } catch {
    return;
  }
  takeNews(news);
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(watch, refresh);
}

/* The beginning */

byId("search").addEventListener("input", (event) => change({ search: event.target.value }));
byId("only-needs").addEventListener("change", (event) => change({ needs: event.target.checked }));
for (const [id, step] of [["previous", -1], ["next", 1]]) {
  byId(id).addEventListener("click", () => change({ page: shown.page + step }));
}
// A heading sorts up, then down, then not at all.
for (const head of document.querySelectorAll("[data-sort]")) {
  head.firstElementChild.addEventListener("click", () => {
    const { sort } = head.dataset;
    if (shown.sort !== sort) change({ sort, descending: false });
    else if (!shown.descending) change({ descending: true });
    else change({ sort: null, descending: false });
  });
}
addEventListener("popstate", readAddress);
addEventListener("hashchange", readAddress);
// A link to the address that the page has already changes nothing, so it is followed here.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='#AC']");
  if (link && link.getAttribute("href") === location.hash) readAddress();
});
takeRows(given.rows);
readAddress();
showProblem(byId("problem").textContent);
if (embedded) byId("csv").addEventListener("click", download);
// What could not wait for the first reading has no version.
if (refresh) setTimeout(watch, version ? refresh : 0);
