// Puts exchanges on top of the list as they come. The page lists the newest without it.

const MOST = 200;
const live = document.getElementById("live");
const said = document.getElementById("said");
const pause = document.getElementById("pause");
const table = document.getElementById("exchanges");
const body = table.tBodies[0];
const pattern = document.getElementById("row").content.firstElementChild;
const COLOURS = [[1, "grey"], [400, "green"], [500, "orange"], [600, "red"]];
let waiting = [];
let leftOut = 0;
let isPaused = false;

const many = (count) => `${count.toLocaleString("en-GB")} new exchange${count === 1 ? "" : "s"}`;

function made(told) {
  const row = pattern.cloneNode(true);
  const field = (name) => row.querySelector(`[data-field="${name}"]`);
  row.dataset.number = told.id;
  for (const name of ["time", "what", "call", "way", "applicant", "took"]) field(name).textContent = told[name];
  field("time").title = told.moment;
  field("what").href = told.address;
  const tag = document.createElement("strong");
  tag.className = `nhsuk-tag nhsuk-tag--${COLOURS.find(([limit]) => told.status < limit)[1]}`;
  tag.textContent = told.status ? `${told.status} ${told.says}` : told.says;
  field("status").append(tag);
  row.classList.add("console-new");
  return row;
}

function show() {
  const shown = waiting.splice(0).reverse();
  document.getElementById("nothing")?.remove();
  const place = document.getElementById("waits");
  if (place) place.hidden = false;
  body.prepend(...shown.map(made));
  while (body.rows.length > MOST) body.lastElementChild.remove();
  const older = document.querySelector("a[data-older]");
  if (older && body.lastElementChild) {
    const address = new URL(older.href);
    address.searchParams.set("before", body.lastElementChild.dataset.number);
    older.href = address;
  }
  const more = leftOut ? ` ${leftOut.toLocaleString("en-GB")} came faster than they could be shown; reload the page to list them.` : "";
  leftOut = 0;
  if (shown.length) said.textContent = `${many(shown.length)}, the last: ${shown[0].what}, ${shown[0].status || ""} ${shown[0].says}.${more}`;
}

const source = new EventSource(live.dataset.stream);
source.addEventListener("exchanges", (event) => {
  const told = JSON.parse(event.data);
  leftOut += told.skipped;
  waiting.push(...told.exchanges);
  if (isPaused) {
    leftOut += Math.max(0, waiting.length - MOST);
    waiting = waiting.slice(-MOST);
    said.textContent = `Paused. ${many(waiting.length)} to show.`;
  } else {
    show();
  }
});
source.addEventListener("open", () => { live.dataset.state = "open"; });
source.addEventListener("error", () => {
  live.dataset.state = "broken";
  said.textContent = source.readyState === EventSource.CLOSED
    ? "The live view has ended. Reload the page to begin it again."
    : "The connection is lost; trying again.";
});
pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.textContent = isPaused ? "Go on" : "Pause";
  said.textContent = isPaused ? "Paused." : "Waiting for exchanges.";
  if (!isPaused && waiting.length) show();
});
live.hidden = false;
